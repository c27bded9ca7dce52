// Log: one line an event, written off the workers.
#pragma once

#include "certs/chain.hpp"
#include "config/settings.hpp"
#include "proxy/http/access_log.hpp"
#include "proxy/log/target.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace hsmfront::runtime {

/// Makes the components of log/ write as `settings` has it, and spdlog's default logger with them
/// as component runtime. Lines are written by a thread of their own; when it cannot keep up the
/// oldest are dropped, for a worker must not wait for a terminal. Opens the access log too. The
/// message says what failed.
[[nodiscard]] certs::Loaded<void> open_log(const config::Log& settings);

/// What a reload changes, opened and not yet in use.
class LogChange {
  public:
    /// Opens what `settings` has and the log in use has not; that alone changes nothing.
    [[nodiscard]] static certs::Loaded<LogChange> prepare(const config::Log& settings);

    /// From the next line on; none is lost. Open connections follow too.
    void apply();

  private:
    config::Log settings_;
    std::shared_ptr<log::Target> log_;
    std::shared_ptr<log::Target> access_;
};

/// Null where requests are not logged. Its lines are written as those of the log are, by a thread
/// of their own, whatever the log's level; the log tells when it closes if some were dropped.
[[nodiscard]] std::shared_ptr<const http::AccessLog> access_log();

/// The files that `settings` names.
[[nodiscard]] std::vector<std::filesystem::path> log_files(const config::Log& settings);

/// Lines of both logs that nobody could take since the start. From any thread.
[[nodiscard]] std::uint64_t dropped_lines();

/// Closes and opens the files of both logs again (SIGUSR1), after they were moved away. One that
/// cannot be opened stays as it is.
void reopen_log();

/// Writes what is queued and ends the writer threads. Components write nothing from then on.
void close_log();

}  // namespace hsmfront::runtime
