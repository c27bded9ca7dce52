// Request targets and authorities (RFC 9112 §3.2, RFC 9110 §4.2, §7.2).
#pragma once

#include "proxy/http/status.hpp"

#include <optional>
#include <string_view>

namespace hsmfront::http {

/// "host", "host:port", "[::1]:port". Letters, digits, '-', '.', '_', '~' only: no user
/// information, no escapes.
struct Authority {
    std::string_view host;  ///< IPv6 with its brackets
    std::string_view port;  ///< digits, or empty
};

[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text) noexcept;

struct Target {
    std::string_view path;       ///< with query; "*" for OPTIONS *
    std::string_view authority;  ///< of the absolute form, which overrides Host; else empty
};

/// Origin form, absolute form (http and https) and, for OPTIONS, "*". CONNECT and TRACE are not
/// offered. Status: bad_request, not_implemented.
[[nodiscard]] Parsed<Target> parse_target(std::string_view method, std::string_view text) noexcept;

}  // namespace hsmfront::http
