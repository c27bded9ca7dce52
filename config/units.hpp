// Units: the scalar notations of the configuration: "30s", "64KiB", "100/s", "50000-50999".
#pragma once

#include "config/settings.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::config {

/// A value, or a text for the user that says what was expected and what was found.
template <class T>
using Parsed = boost::system::result<T, std::string>;

/// "500ms", "30s", "5m", "4h", "2d" or a bare 0; whole, non-negative numbers.
[[nodiscard]] Parsed<milliseconds> parse_duration(std::string_view text);

/// Bytes: "65536", "64KiB", "10MiB", "1GiB", "2TiB".
[[nodiscard]] Parsed<std::uint64_t> parse_size(std::string_view text);

/// "100/s", "10/m", "5/h", "200/10s"; "none": no limit.
[[nodiscard]] Parsed<Rate> parse_rate(std::string_view text);

/// "50000-50999" or a single port. The order of the two is left to the validator.
[[nodiscard]] Parsed<PortRange> parse_port_range(std::string_view text);

/// 1–65535.
[[nodiscard]] Parsed<std::uint16_t> parse_port(std::string_view text);

/// "127.0.0.1:9180", "[::1]:9180": an IP literal and a port.
[[nodiscard]] Parsed<Endpoint> parse_endpoint(std::string_view text);

/// Booleans of the YAML 1.2 core schema: true, True, TRUE, false, False, FALSE.
[[nodiscard]] Parsed<bool> parse_boolean(std::string_view text);

/// A decimal number in `min`–`max`.
[[nodiscard]] Parsed<std::uint64_t> parse_number(
    std::string_view text, std::uint64_t min, std::uint64_t max
);

/// `duration` in the largest unit that shows it whole: "90s", "5m".
[[nodiscard]] std::string show(milliseconds duration);

/// `bytes` likewise: "64KiB", "1000".
[[nodiscard]] std::string show_size(std::uint64_t bytes);

}  // namespace hsmfront::config
