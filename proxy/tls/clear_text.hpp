// What a client speaks that sends something else where TLS should begin.
#pragma once

#include "proxy/tls/handshake_failure.hpp"

#include <span>

namespace hsmfront::tls {

/// True if `first`, the first five bytes of a client's, can be the header of a TLS record or the
/// beginning of SSLv2's ClientHello (RFC 5246 appendix E.2).
[[nodiscard]] bool is_tls(std::span<const unsigned char, 5> first);

/// What it is instead, and what to do about it.
[[nodiscard]] HandshakeFailure explain_clear_text(std::span<const unsigned char, 5> first);

}  // namespace hsmfront::tls
