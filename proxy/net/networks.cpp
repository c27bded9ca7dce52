// CIDR ranges, all kept as IPv6.
#include "proxy/net/networks.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>

namespace hsmfront::net {

namespace {

namespace ip = boost::asio::ip;

std::array<unsigned char, 16> bytes_of(const ip::address& address) {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes()
                           : address.to_v6().to_bytes();
}

bool same_prefix(
    const std::array<unsigned char, 16>& a, const std::array<unsigned char, 16>& b, unsigned prefix
) {
    const std::size_t whole = prefix / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<long>(whole), b.begin())) {
        return false;
    }
    const unsigned rest = prefix % 8;
    return rest == 0 || ((a.at(whole) ^ b.at(whole)) >> (8 - rest)) == 0;
}

}  // namespace

std::optional<Networks::Network> Networks::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    boost::system::error_code ec;
    const ip::address address = ip::make_address(std::string(text.substr(0, slash)), ec);
    if (ec) {
        return std::nullopt;
    }
    const unsigned width = address.is_v4() ? 32 : 128;
    unsigned prefix = width;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
        if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size() ||
            prefix > width) {
            return std::nullopt;
        }
    }
    return Network{bytes_of(address), prefix + 128 - width};
}

Networks::Networks(const std::vector<std::string>& entries) {
    for (const std::string& entry : entries) {
        if (const std::optional<Network> network = parse(entry)) {
            networks_.push_back(*network);
        }
    }
}

bool Networks::contains(const ip::address& address) const {
    const auto bytes = bytes_of(address);
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return same_prefix(bytes, network.bytes, network.prefix);
    });
}

ip::address unmapped(const ip::address& address) {
    if (address.is_v4()) {
        return address;
    }
    const ip::address_v6 v6 = address.to_v6();
    return v6.is_v4_mapped() ? ip::address(ip::make_address_v4(ip::v4_mapped, v6))
                             : ip::address(ip::address_v6(v6.to_bytes()));
}

}  // namespace hsmfront::net
