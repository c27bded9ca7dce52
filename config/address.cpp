// Address: parsing through inet_pton, comparison of bound addresses.
#include "config/address.hpp"

#include "config/yaml_tree.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <string>

namespace hsmfront::config {
namespace {

constexpr AddressBytes any_v6{};
constexpr AddressBytes any_v4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr AddressBytes loopback_v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

bool is_v4(const AddressBytes& address) {
    return std::equal(any_v4.begin(), any_v4.begin() + 12, address.begin());
}

bool is_any(const AddressBytes& address) { return address == any_v4 || address == any_v6; }

bool covers(const AddressBytes& bound, const AddressBytes& other) {
    return bound == other || bound == any_v6 || (bound == any_v4 && is_v4(other));
}

bool is_loopback(const AddressBytes& address) {
    return address == loopback_v6 || (is_v4(address) && address[12] == 127);
}

bool is_label(std::string_view label) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), allowed);
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
    std::string literal{text};
    if (in_addr v4{}; inet_pton(AF_INET, literal.c_str(), &v4) == 1) {
        AddressBytes bytes = any_v4;
        const auto* const from = reinterpret_cast<const std::uint8_t*>(&v4);
        std::copy_n(from, sizeof v4, bytes.begin() + 12);
        return bytes;
    }
    const auto zone = literal.find('%');
    if (zone != std::string::npos && zone + 1 < literal.size()) {
        literal.resize(zone);
    }
    AddressBytes bytes{};
    if (inet_pton(AF_INET6, literal.c_str(), bytes.data()) != 1) {
        return std::nullopt;
    }
    return bytes;
}

bool is_loopback(std::string_view text) {
    const auto address = parse_address(text);
    if (!address) {
        return false;
    }
    constexpr AddressBytes v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return is_v4(*address) ? (*address)[12] == 127 : *address == v6;
}

bool is_network(std::string_view text) {
    const auto slash = text.find('/');
    const auto base = text.substr(0, slash);
    const auto address =
        base.find('%') == std::string_view::npos ? parse_address(base) : std::nullopt;
    if (!address || slash == std::string_view::npos) {
        return address.has_value();
    }
    const auto length = text.substr(slash + 1);
    unsigned bits = 0;
    const auto* const end = length.data() + length.size();
    const auto [stop, failure] = std::from_chars(length.data(), end, bits);
    const bool v4 = base.find(':') == std::string_view::npos;
    return failure == std::errc{} && stop == end && bits <= (v4 ? 32U : 128U);
}

bool is_host(std::string_view text) {
    if (parse_address(text)) {
        return true;
    }
    if (text.ends_with('.')) {
        text.remove_suffix(1);
    }
    // Digits and dots alone are an address with a slip in it, not a name.
    if (text.empty() || text.size() > 253 ||
        text.find_first_not_of("0123456789.") == std::string_view::npos) {
        return false;
    }
    while (true) {
        const auto dot = text.find('.');
        if (!is_label(text.substr(0, dot))) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        text.remove_prefix(dot + 1);
    }
}

std::string to_string(const Endpoint& endpoint) {
    const bool v6 = endpoint.address.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + endpoint.address + "]" : endpoint.address;
    return host + ":" + std::to_string(endpoint.port);
}

bool overlap(const Endpoint& a, const Endpoint& b) {
    const auto first = parse_address(a.address);
    const auto second = parse_address(b.address);
    if (a.port == 0 || a.port != b.port || !first || !second) {
        return false;
    }
    return a.address == b.address || covers(*first, *second) || covers(*second, *first);
}

bool reaches(const Endpoint& target, const Endpoint& listener) {
    const auto bound = parse_address(listener.address);
    if (target.port == 0 || target.port != listener.port || !bound) {
        return false;
    }
    const auto address = parse_address(target.address);
    if (!address) {
        return lower_case(target.address) == "localhost" && (is_any(*bound) || is_loopback(*bound));
    }
    // To connect to the wildcard address is to connect to this machine.
    if (*address == *bound || is_any(*address)) {
        return true;
    }
    return is_loopback(*address) && covers(*bound, *address);
}

}  // namespace hsmfront::config
