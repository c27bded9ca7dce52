// Outlet: the end of a log's queue, which writes lines in the log's format to its target.
#pragma once

#include "config/settings.hpp"
#include "proxy/log/payload.hpp"
#include "proxy/log/target.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/sink.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace hsmfront::log {

/// The name of the logger whose lines are complete as they are.
constexpr std::string_view access_name = "access";

/// Appends the message with everything escaped that could end its line or draw on the terminal:
/// what peers send is quoted in messages.
void append_escaped(std::string& out, std::string_view message);

/// Both formatting and target can change while lines come. Thread-safe.
class Outlet final : public spdlog::sinks::sink {
  public:
    void set(std::shared_ptr<Target> target, config::LogFormat format);
    [[nodiscard]] std::shared_ptr<Target> target() const;
    /// Lines that could not be written since the start.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }

    void log(const spdlog::details::log_msg& line) override;
    void flush() override {}  // each line is written at once
    void set_pattern(const std::string& /*pattern*/) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

  private:
    void format_text(const spdlog::details::log_msg& line);
    void format_json(const spdlog::details::log_msg& line);
    void append_time(const spdlog::details::log_msg& line);
    bool write(const spdlog::details::log_msg& line);
    bool write_gap(const spdlog::details::log_msg& next);
    void lose();

    mutable std::mutex mutex_;
    std::shared_ptr<Target> target_;
    config::LogFormat format_ = config::LogFormat::text;
    spdlog::pattern_formatter time_{"%Y-%m-%dT%H:%M:%S.%e%z", spdlog::pattern_time_type::local, ""};
    std::string text_;          ///< of the line being written
    int error_ = 0;             ///< of the last line that was lost
    std::uint64_t missed_ = 0;  ///< lines lost since writing last worked
    std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace hsmfront::log
