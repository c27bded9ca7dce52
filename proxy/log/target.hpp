// Target: where lines go.
#pragma once

#include "proxy/log/component.hpp"

#include <cerrno>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace hsmfront::log {

/// A line as a target gets it.
struct Written {
    Level level = Level::info;
    std::string_view component;  ///< or "access"
    std::string_view text;       ///< without its end
};

/// Thread-safe: the log and the access log may share one.
class Target {
  public:
    virtual ~Target() = default;

    /// Returns 0, or an errno: the line is lost. Of the first such line after others standard error
    /// is told.
    [[nodiscard]] int write(const Written& line);
    /// Closes and opens it again, where that means something. Returns 0 or an errno; then it stays
    /// as it was.
    [[nodiscard]] int reopen() {
        const std::scoped_lock lock(mutex_);
        return renew();
    }

    /// For messages: "log.file /var/log/hsmfront.log".
    [[nodiscard]] virtual std::string name() const = 0;
    /// It tells time and level of a line itself.
    [[nodiscard]] virtual bool stamps() const { return false; }

  private:
    virtual int put(const Written& line) = 0;
    virtual int renew() { return 0; }

    std::mutex mutex_;
    bool failing_ = false;
};

/// Opens `file` for appending, makes it and its folders if need be. Null: errno says why. `key`
/// names it in messages.
[[nodiscard]] std::shared_ptr<Target> open_file(
    const std::filesystem::path& file, const std::string& key
);

/// Standard error. If that is the journal (systemd.exec(5), $JOURNAL_STREAM), each line begins with
/// its level as sd-daemon(3) has it.
[[nodiscard]] std::shared_ptr<Target> open_stderr();

/// The severity of RFC 5424 §6.2.1, as syslog and the journal have it.
[[nodiscard]] int severity(Level level);

}  // namespace hsmfront::log
