// Units: parsers for durations, sizes, rates, ports and booleans; none of them can overflow.
#include "config/units.hpp"

#include "config/address.hpp"
#include "config/problem.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace hsmfront::config {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array duration_units{
    Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1000}, Unit{"ms", 1}};
constexpr std::array size_units{
    Unit{"TiB", 1ULL << 40},
    Unit{"GiB", 1ULL << 30},
    Unit{"MiB", 1ULL << 20},
    Unit{"KiB", 1ULL << 10},
    Unit{"", 1}};
constexpr std::array rate_units{Unit{"s", 1000}, Unit{"m", 60'000}, Unit{"h", 3'600'000}};

constexpr std::uint64_t longest_rate = 86'400'000;

constexpr std::uint64_t largest_duration = std::numeric_limits<milliseconds::rep>::max();

struct Quantity {
    std::uint64_t number;
    std::string_view rest;
};

/// The digits `text` begins with and what follows them; nothing without digits or on overflow.
std::optional<Quantity> leading_number(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{}) {
        return std::nullopt;
    }
    return Quantity{number, {stop, static_cast<std::size_t>(end - stop)}};
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
    const auto quantity = leading_number(text);
    if (!quantity || !quantity->rest.empty()) {
        return std::nullopt;
    }
    return quantity->number;
}

std::optional<std::uint64_t> factor_of(std::string_view name, std::span<const Unit> units) {
    const auto found = std::find_if(units.begin(), units.end(), [name](const Unit& unit) {
        return unit.name == name;
    });
    return found == units.end() ? std::nullopt : std::optional{found->factor};
}

std::optional<std::uint64_t> scaled(
    std::string_view text, std::span<const Unit> units, std::uint64_t limit
) {
    const auto quantity = leading_number(text);
    if (!quantity) {
        return std::nullopt;
    }
    const auto factor = factor_of(quantity->rest, units);
    if (!factor || quantity->number > limit / *factor) {
        return std::nullopt;
    }
    return quantity->number * *factor;
}

std::string expected(std::string_view what, std::string_view found) {
    return "expected " + std::string{what} + ", found " + in_quotes(found);
}

std::string show_in(std::uint64_t amount, std::span<const Unit> units) {
    for (const Unit& unit : units) {
        if (amount % unit.factor == 0 && amount >= unit.factor) {
            return std::to_string(amount / unit.factor) + std::string{unit.name};
        }
    }
    return std::to_string(amount);
}

}  // namespace

Parsed<milliseconds> parse_duration(std::string_view text) {
    if (text == "0") {
        return milliseconds{0};
    }
    if (const auto amount = scaled(text, duration_units, largest_duration)) {
        return milliseconds{*amount};
    }
    return expected("a duration in ms, s, m, h or d, such as 500ms, 30s or 5m", text);
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
    if (const auto bytes = scaled(text, size_units, std::numeric_limits<std::uint64_t>::max())) {
        return *bytes;
    }
    return expected("a size in bytes, KiB, MiB, GiB or TiB, such as 64KiB", text);
}

Parsed<Rate> parse_rate(std::string_view text) {
    if (text == "none") {
        return Rate{0, 1s};
    }
    const auto slash = text.find('/');
    if (slash != std::string_view::npos) {
        const auto count = whole_number(text.substr(0, slash));
        const auto unit = text.substr(slash + 1);
        const auto named = factor_of(unit, rate_units);
        const auto per = named ? named : scaled(unit, duration_units, longest_rate);
        if (count && *count > 0 && per && *per > 0) {
            return Rate{static_cast<std::size_t>(*count), milliseconds{*per}};
        }
    }
    return expected("a rate such as 100/s, 30/m or 200/10s, or none", text);
}

Parsed<PortRange> parse_port_range(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_port(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
    if (first && last) {
        return PortRange{*first, *last};
    }
    return expected("a range of ports, such as 50000-50999", text);
}

Parsed<std::uint16_t> parse_port(std::string_view text) {
    const auto number = whole_number(text);
    if (number && *number >= 1 && *number <= 65535) {
        return static_cast<std::uint16_t>(*number);
    }
    return expected("a port number, 1–65535", text);
}

Parsed<Endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos) {
        std::string_view address = text.substr(0, colon);
        const bool brackets = address.starts_with('[') && address.ends_with(']');
        if (brackets) {
            address = address.substr(1, address.size() - 2);
        }
        const auto port = parse_port(text.substr(colon + 1));
        const bool v6 = address.find(':') != std::string_view::npos;
        if (port && v6 == brackets && parse_address(address)) {
            return Endpoint{std::string(address), *port};
        }
    }
    // An Endpoint can be made of a text, so it has to be said which of the two it is.
    return {
        boost::system::in_place_error,
        expected("an IP address and a port, such as 127.0.0.1:9180 or [::1]:9180", text)};
}

Parsed<bool> parse_boolean(std::string_view text) {
    if (text == "true" || text == "True" || text == "TRUE") {
        return true;
    }
    if (text == "false" || text == "False" || text == "FALSE") {
        return false;
    }
    return expected("true or false", text);
}

Parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t min, std::uint64_t max) {
    const auto number = whole_number(text);
    if (number && *number >= min && *number <= max) {
        return *number;
    }
    const auto range = std::to_string(min) + "–" + std::to_string(max);
    return expected("a whole number, " + range, text);
}

std::string show(milliseconds duration) {
    return show_in(static_cast<std::uint64_t>(duration.count()), duration_units);
}

std::string show_size(std::uint64_t bytes) { return show_in(bytes, size_units); }

}  // namespace hsmfront::config
