#include "proxy/ftp/endpoint.hpp"

#include "proxy/ftp/errc.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <vector>

namespace hsmfront::ftp {
namespace {

namespace ip = net::asio::ip;
using Six = std::array<unsigned char, 6>;

/// A decimal number that is all of `text`.
std::optional<unsigned> parse_number(std::string_view text, unsigned largest) {
    unsigned value = 0;
    const char* const end = text.data() + text.size();
    const auto [position, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc{} || position != end || value > largest) {
        return std::nullopt;
    }
    return value;
}

std::vector<std::string_view> split(std::string_view text, char delimiter) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(delimiter);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

/// Six comma-separated numbers of 0–255 that are all of `text`.
std::optional<Six> parse_six(std::string_view text) {
    const auto parts = split(text, ',');
    Six six{};
    if (parts.size() != six.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < six.size(); ++i) {
        const auto number = parse_number(parts[i], 255);
        if (!number) {
            return std::nullopt;
        }
        six[i] = static_cast<unsigned char>(*number);
    }
    return six;
}

std::uint16_t port_of(const Six& six) { return static_cast<std::uint16_t>(six[4] * 256U + six[5]); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Result<net::tcp::endpoint> parse_port(std::string_view argument) {
    const auto six = parse_six(argument);
    if (!six || port_of(*six) == 0) {
        return make_error_code(Errc::bad_argument);
    }
    const ip::address_v4 address({(*six)[0], (*six)[1], (*six)[2], (*six)[3]});
    return net::tcp::endpoint{address, port_of(*six)};
}

Result<net::tcp::endpoint> parse_eprt(std::string_view argument) {
    if (argument.empty() || argument.front() < 33 || argument.front() > 126) {
        return make_error_code(Errc::bad_argument);
    }
    const auto parts = split(argument, argument.front());
    // An empty part before the first delimiter and behind the last one.
    if (parts.size() != 5 || !parts[0].empty() || !parts[4].empty()) {
        return make_error_code(Errc::bad_argument);
    }
    const auto family = parse_number(parts[1], 65535);
    if (family && *family != 1 && *family != 2) {
        return make_error_code(Errc::unsupported_family);
    }
    error_code ec;
    const auto address = ip::make_address(std::string{parts[2]}, ec);
    const auto port = parse_number(parts[3], 65535);
    const bool scoped = parts[2].find('%') != std::string_view::npos;
    if (!family || ec || scoped || !port || *port == 0 || address.is_v4() != (*family == 1)) {
        return make_error_code(Errc::bad_argument);
    }
    return net::tcp::endpoint{address, static_cast<std::uint16_t>(*port)};
}

Result<std::uint16_t> parse_pasv_reply(std::string_view text) {
    while (!text.empty()) {
        std::size_t begin = 0;
        while (begin < text.size() && !is_digit(text[begin])) {
            ++begin;
        }
        text.remove_prefix(begin);
        std::size_t length = 0;
        while (length < text.size() && (is_digit(text[length]) || text[length] == ',')) {
            ++length;
        }
        auto candidate = text.substr(0, length);
        text.remove_prefix(length);
        while (!candidate.empty() && candidate.back() == ',') {
            candidate.remove_suffix(1);
        }
        const auto six = parse_six(candidate);
        if (six && port_of(*six) != 0) {
            return port_of(*six);
        }
    }
    return make_error_code(Errc::bad_argument);
}

Result<std::uint16_t> parse_epsv_reply(std::string_view text) {
    const auto open = text.find('(');
    const auto close = text.find(')', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos || close < open + 6) {
        return make_error_code(Errc::bad_argument);
    }
    const auto inner = text.substr(open + 1, close - open - 1);
    const auto parts = split(inner, inner.front());
    if (is_digit(inner.front()) || parts.size() != 5 || !parts[4].empty()) {
        return make_error_code(Errc::bad_argument);
    }
    const auto port = parse_number(parts[3], 65535);
    if (!port || *port == 0) {
        return make_error_code(Errc::bad_argument);
    }
    return static_cast<std::uint16_t>(*port);
}

std::string format_port(const net::tcp::endpoint& endpoint) {
    std::string text;
    for (const unsigned char byte : endpoint.address().to_v4().to_bytes()) {
        text.append(std::to_string(byte)).append(",");
    }
    const unsigned port = endpoint.port();
    return text.append(std::to_string(port / 256)).append(",").append(std::to_string(port % 256));
}

std::string format_eprt(const net::tcp::endpoint& endpoint) {
    const std::string family = endpoint.address().is_v4() ? "|1|" : "|2|";
    const std::string address = endpoint.address().to_string();
    return family + address.substr(0, address.find('%')) + "|" + std::to_string(endpoint.port()) +
           "|";
}

std::string format_pasv(ip::address_v4 address, std::uint16_t port) {
    return "Entering Passive Mode (" + format_port({address, port}) + ").";
}

std::string format_epsv(std::uint16_t port) {
    return "Entering Extended Passive Mode (|||" + std::to_string(port) + "|)";
}

ip::address unmapped(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

std::string to_string(const net::tcp::endpoint& endpoint) {
    const std::string address = endpoint.address().to_string();
    const std::string port = std::to_string(endpoint.port());
    return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

bool same_host(const ip::address& one, const ip::address& other) {
    const auto a = unmapped(one);
    const auto b = unmapped(other);
    if (a.is_v4() || b.is_v4()) {
        return a == b;
    }
    return a.to_v6().to_bytes() == b.to_v6().to_bytes();
}

}  // namespace hsmfront::ftp
