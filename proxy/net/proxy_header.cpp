// PROXY protocol: recognising and reading a header.
#include "proxy/net/proxy_header.hpp"

#include "config/error_category.hpp"
#include "proxy/net/crc32c.hpp"
#include "proxy/net/proxy_header_v2.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace hsmfront::net {
namespace {

namespace ip = boost::asio::ip;
using ip::tcp;

constexpr std::string_view v1_signature = "PROXY ";
constexpr std::string_view v1_unknown = "UNKNOWN";
constexpr std::size_t v1_shortest = 15;  // "PROXY UNKNOWN\r\n"
constexpr std::size_t v1_longest = 107;  // with CRLF

bool begins(std::string_view bytes, std::string_view signature) {
    const std::size_t both = std::min(bytes.size(), signature.size());
    return bytes.substr(0, both) == signature.substr(0, both);
}

HeaderProgress incomplete(std::size_t length) { return {false, length, {}}; }

/// Takes the text up to the next space off `rest`; all of it if there is none.
std::string_view take_field(std::string_view& rest) {
    const std::size_t space = rest.find(' ');
    const std::string_view field = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    return field;
}

/// A literal without a zone, which would name an interface of ours.
Result<ip::address> parse_address(std::string_view text, bool v4) {
    error_code ec;
    ip::address address;
    if (v4) {
        address = ip::make_address_v4(std::string(text), ec);
    } else if (text.find('%') == std::string_view::npos) {
        address = ip::make_address_v6(std::string(text), ec);
    } else {
        ec = HeaderErrc::bad_address;
    }
    if (ec) {
        return make_error_code(HeaderErrc::bad_address);
    }
    return address;
}

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, failure] = std::from_chars(text.data(), end, port);
    const bool padded = text.size() > 1 && text.front() == '0';
    if (failure != std::errc{} || stop != end || padded) {
        return make_error_code(HeaderErrc::bad_port);
    }
    return port;
}

/// "source destination port port" of TCP4 or TCP6.
Result<ProxiedAddresses> parse_v1_addresses(std::string_view rest, bool v4) {
    if (std::count(rest.begin(), rest.end(), ' ') != 3) {
        return make_error_code(HeaderErrc::bad_line);
    }
    const auto source = parse_address(take_field(rest), v4);
    const auto destination = parse_address(take_field(rest), v4);
    if (!source || !destination) {
        return make_error_code(HeaderErrc::bad_address);
    }
    const auto source_port = parse_port(take_field(rest));
    const auto destination_port = parse_port(take_field(rest));
    if (!source_port || !destination_port) {
        return make_error_code(HeaderErrc::bad_port);
    }
    return ProxiedAddresses{{*source, *source_port}, {*destination, *destination_port}};
}

/// `line` without CRLF.
Result<HeaderProgress> parse_v1_line(std::string_view line) {
    HeaderProgress header{true, line.size() + 2, {}};
    std::string_view rest = line.substr(v1_signature.size());
    if (rest == v1_unknown || rest.starts_with("UNKNOWN ")) {
        return header;
    }
    const std::string_view protocol = take_field(rest);
    if (protocol != "TCP4" && protocol != "TCP6") {
        return make_error_code(HeaderErrc::bad_line);
    }
    const auto addresses = parse_v1_addresses(rest, protocol == "TCP4");
    if (!addresses) {
        return addresses.error();
    }
    header.addresses = *addresses;
    return header;
}

Result<HeaderProgress> parse_v1(std::string_view bytes) {
    const std::string_view within = bytes.substr(0, v1_longest);
    const std::size_t end = within.find_first_of("\r\n");
    if (end == std::string_view::npos || (within[end] == '\r' && end + 1 == within.size())) {
        if (within.size() == v1_longest) {
            return make_error_code(HeaderErrc::line_too_long);
        }
        const std::size_t missing = end == std::string_view::npos ? 2 : 1;
        return incomplete(std::max(within.size() + missing, v1_shortest));
    }
    if (!within.substr(end).starts_with("\r\n")) {
        return make_error_code(HeaderErrc::bare_line_end);
    }
    return parse_v1_line(within.substr(0, end));
}

std::uint16_t number(std::string_view two_bytes) {
    const auto high = static_cast<unsigned char>(two_bytes[0]);
    const auto low = static_cast<unsigned char>(two_bytes[1]);
    return static_cast<std::uint16_t>(high << 8 | low);
}

template <class Address>
ProxiedAddresses read_addresses(std::string_view bytes) {
    typename Address::bytes_type source{};
    typename Address::bytes_type destination{};
    std::copy_n(bytes.begin(), source.size(), source.begin());
    std::copy_n(bytes.begin() + source.size(), source.size(), destination.begin());
    const std::string_view ports = bytes.substr(2 * source.size());
    return {{Address(source), number(ports)}, {Address(destination), number(ports.substr(2))}};
}

/// `header` is whole, its elements begin at `offset`.
error_code check_elements(std::string_view header, std::size_t offset) {
    while (offset < header.size()) {
        const std::string_view rest = header.substr(offset);
        if (rest.size() < v2::element_head) {
            return HeaderErrc::bad_tlv;
        }
        const std::size_t size = number(rest.substr(1));
        if (size > rest.size() - v2::element_head) {
            return HeaderErrc::bad_tlv;
        }
        if (rest[0] == v2::type_crc32c) {
            if (size != 4) {
                return HeaderErrc::bad_tlv;
            }
            const std::size_t at = offset + v2::element_head;
            std::string zeroed{header};
            zeroed.replace(at, 4, 4, '\0');
            if (v2::big_endian(crc32c(zeroed)) != header.substr(at, 4)) {
                return HeaderErrc::bad_checksum;
            }
        }
        offset += v2::element_head + size;
    }
    return {};
}

/// A whole header with the command PROXY.
Result<HeaderProgress> parse_v2_proxied(std::string_view header) {
    const auto byte = static_cast<unsigned char>(header[v2::family_at]);
    const unsigned family = byte >> 4U;
    const unsigned protocol = byte & 0xFU;
    if (family > 3 || protocol > 2) {
        return make_error_code(HeaderErrc::bad_family);
    }
    HeaderProgress progress{true, header.size(), {}};
    const bool v4 = byte == v2::tcp4;
    if (!v4 && byte != v2::tcp6) {
        return progress;
    }
    const std::string_view block = header.substr(v2::fixed_part);
    const std::size_t size = v4 ? v2::tcp4_addresses : v2::tcp6_addresses;
    if (block.size() < size) {
        return make_error_code(HeaderErrc::addresses_cut);
    }
    if (const error_code ec = check_elements(header, v2::fixed_part + size)) {
        return ec;
    }
    progress.addresses =
        v4 ? read_addresses<ip::address_v4>(block) : read_addresses<ip::address_v6>(block);
    return progress;
}

Result<HeaderProgress> parse_v2(std::string_view bytes) {
    if (bytes.size() > v2::command_at && bytes[v2::command_at] != v2::command_local &&
        bytes[v2::command_at] != v2::command_proxy) {
        return make_error_code(HeaderErrc::bad_version);
    }
    if (bytes.size() < v2::fixed_part) {
        return incomplete(v2::fixed_part);
    }
    const std::size_t length = v2::fixed_part + number(bytes.substr(v2::length_at));
    if (length > max_proxy_header) {
        return make_error_code(HeaderErrc::too_long);
    }
    if (bytes.size() < length) {
        return incomplete(length);
    }
    if (bytes[v2::command_at] == v2::command_local) {
        return HeaderProgress{true, length, {}};  // family, addresses and elements are ignored
    }
    return parse_v2_proxied(bytes.substr(0, length));
}

}  // namespace

const boost::system::error_category& header_category() noexcept {
    static constexpr std::array texts{
        "no PROXY signature",
        "PROXY line without CRLF within 107 bytes",
        "PROXY line with a bare CR or LF",
        "PROXY line with wrong fields",
        "PROXY line with a malformed address",
        "PROXY line with a malformed port",
        "PROXY header with an unknown version or command",
        "PROXY header with an unknown address family or protocol",
        "PROXY header longer than the limit",
        "PROXY header shorter than its addresses",
        "PROXY header with a malformed element",
        "PROXY header with a wrong checksum",
    };
    static const ErrorCategory category("hsmfront.proxy_header", texts);
    return category;
}

Result<HeaderProgress> parse_proxy_header(std::string_view bytes) {
    if (begins(bytes, v1_signature)) {
        return parse_v1(bytes);
    }
    if (begins(bytes, v2::signature)) {
        return parse_v2(bytes);
    }
    return make_error_code(HeaderErrc::no_signature);
}

}  // namespace hsmfront::net
