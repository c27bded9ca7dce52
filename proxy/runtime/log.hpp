// Log: one line an event, written off the workers.
#pragma once

#include "certs/chain.hpp"
#include "config/settings.hpp"

namespace hsmfront::runtime {

/// Makes spdlog's default logger from `settings`: text or JSON, stderr or a file. Lines are written
/// by a thread of their own; when it cannot keep up the oldest are dropped, for a worker must not
/// wait for a terminal. Control bytes in messages are escaped. The message says what failed.
[[nodiscard]] certs::Loaded<void> open_log(const config::Log& settings);

/// From now on; `level` is one of config::Log::level.
void set_log_level(const std::string& level);

/// Closes and opens the log file again (SIGUSR1), after it was moved away.
void reopen_log();

/// Writes what is queued and ends the writer thread.
void close_log();

}  // namespace hsmfront::runtime
