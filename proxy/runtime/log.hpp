// Log: one line an event, written off the workers.
#pragma once

#include "certs/chain.hpp"
#include "config/settings.hpp"
#include "proxy/http/access_log.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace hsmfront::runtime {

/// Makes spdlog's default logger from `settings`: text or JSON, stderr or a file. Lines are written
/// by a thread of their own; when it cannot keep up the oldest are dropped, for a worker must not
/// wait for a terminal. Control bytes in messages are escaped. Opens the access log too. The
/// message says what failed.
[[nodiscard]] certs::Loaded<void> open_log(const config::Log& settings);

/// From now on; `level` is one of config::Log::level.
void set_log_level(const std::string& level);

/// Null where requests are not logged. Its lines are written as those of the log are, by a thread
/// of their own, whatever the log's level; the log tells when it closes if some were dropped.
[[nodiscard]] std::shared_ptr<const http::AccessLog> access_log();

/// Lines of both logs that were dropped since the start. From any thread.
[[nodiscard]] std::uint64_t dropped_lines();

/// Closes and opens the files of both logs again (SIGUSR1), after they were moved away.
void reopen_log();

/// Writes what is queued and ends the writer thread.
void close_log();

}  // namespace hsmfront::runtime
