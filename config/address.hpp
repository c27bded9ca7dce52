// Address: IP literals, networks and host names as the configuration writes them.
#pragma once

#include "config/settings.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::config {

/// IPv4 as its IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), so that both families compare.
using AddressBytes = std::array<std::uint8_t, 16>;

/// "192.0.2.1", "2001:db8::1", "fe80::1%eth0" (the zone is not part of the bytes).
[[nodiscard]] std::optional<AddressBytes> parse_address(std::string_view text);

/// An IP literal of 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(std::string_view text);

/// "10.0.0.0/8", "2001:db8::/32" or a single address.
[[nodiscard]] bool is_network(std::string_view text);

/// A host name (RFC 1123 §2.1, '_' allowed) or an IP literal.
[[nodiscard]] bool is_host(std::string_view text);

/// "192.0.2.1:80", "[2001:db8::1]:80", "name:80".
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// True when one socket bound to `a` would take connections meant for `b` or the reverse.
/// "::" listens on both families.
[[nodiscard]] bool overlap(const Endpoint& a, const Endpoint& b);

/// True when a connection to `target` from this machine reaches a listener on `listener`,
/// as far as the addresses tell.
[[nodiscard]] bool reaches(const Endpoint& target, const Endpoint& listener);

}  // namespace hsmfront::config
