// Payload: a line on its way through spdlog's queue, which carries text and no fields of ours. The
// session stands before the message, and where the message begins in the line's source_loc, which
// has no other use here: what peers send cannot pass for it.
#pragma once

#include "proxy/log/component.hpp"

#include <spdlog/details/log_msg.h>

#include <string_view>

namespace hsmfront::log {

struct Payload {
    std::string_view session;  ///< digits; empty: none
    std::string_view client;
    std::string_view message;
};

/// Appends "session 7 " and, for a payload, "192.0.2.1 ". Returns where the message begins.
int append_session(spdlog::memory_buf_t& out, const Facts& facts, bool payload);

/// For a line whose message begins at `begin`.
[[nodiscard]] spdlog::source_loc mark_payload(int begin);

[[nodiscard]] Payload read_payload(const spdlog::details::log_msg& line);

}  // namespace hsmfront::log
