// The FEAT list: the backend's with our own lines instead of its (RFC 2389, RFC 4217 §6).
#pragma once

#include "proxy/ftp/reply.hpp"

namespace hsmfront::ftp {

/// `backend` is the backend's answer to FEAT, or null when it has none. Its lines about what we do
/// ourselves (TLS, data connections, HOST) are left out; each line has exactly one leading space.
[[nodiscard]] Reply merge_features(const Reply* backend, bool with_ccc);

}  // namespace hsmfront::ftp
