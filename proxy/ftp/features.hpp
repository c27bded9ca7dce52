// The FEAT list: the backend's with our own lines instead of its (RFC 2389, RFC 4217 §6).
#pragma once

#include "proxy/ftp/reply.hpp"

#include <span>
#include <string>

namespace hsmfront::ftp {

struct OwnFeatures {
    bool ccc = false;
    bool host = false;
    std::span<const std::string> denied;  ///< commands that the backend does not get
};

/// `backend` is the backend's answer to FEAT, or null when it has none. Its lines about what we do
/// ourselves (TLS, data connections, HOST) are left out, as are denied commands; each line has
/// exactly one leading space.
[[nodiscard]] Reply merge_features(const Reply* backend, const OwnFeatures& own);

}  // namespace hsmfront::ftp
