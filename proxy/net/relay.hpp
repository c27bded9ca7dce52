// Relay: bytes from one transport to another, with the reader's pace as back-pressure.
#pragma once

#include "proxy/net/deadline.hpp"
#include "proxy/net/transport.hpp"

#include <cstdint>

namespace hsmfront::net {

struct RelayResult {
    error_code read_error;   ///< Errc::eof: the source ended cleanly
    error_code write_error;  ///< set: the sink failed
    [[nodiscard]] bool complete() const;
};

/// Copies until the source ends or either side fails; touches `watchdog` and adds to `moved`, the
/// bytes delivered to the sink's socket, for each piece. Ends neither side: what follows (FIN,
/// close_notify or reset) is the caller's decision.
[[nodiscard]] Task<RelayResult> relay(
    Transport& source, Transport& sink, BufferPool& pool, Watchdog& watchdog, std::uint64_t& moved
);

}  // namespace hsmfront::net
