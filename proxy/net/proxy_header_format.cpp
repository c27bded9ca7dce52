// PROXY protocol: writing a header.
#include "proxy/net/networks.hpp"
#include "proxy/net/proxy_header.hpp"
#include "proxy/net/proxy_header_v2.hpp"

namespace hsmfront::net {
namespace {

namespace ip = boost::asio::ip;
using ip::tcp;

constexpr char client_over_tls = 0x01;
constexpr char client_showed_certificate = 0x02 | 0x04;  // on this connection, in this session

ProxiedAddresses unmapped(const ProxiedAddresses& addresses) {
    return {
        {net::unmapped(addresses.source.address()), addresses.source.port()},
        {net::unmapped(addresses.destination.address()), addresses.destination.port()}};
}

std::string bytes_of(const ip::address& address, bool v4) {
    if (v4) {
        const auto bytes = address.to_v4().to_bytes();
        return {bytes.begin(), bytes.end()};
    }
    const auto v6 =
        address.is_v6() ? address.to_v6() : ip::make_address_v6(ip::v4_mapped, address.to_v4());
    const auto bytes = v6.to_bytes();
    return {bytes.begin(), bytes.end()};
}

/// Values longer than 255 bytes, which no host name or cipher has, are cut.
std::string element(char type, std::string_view value) {
    value = value.substr(0, 255);
    return type + v2::big_endian(static_cast<std::uint16_t>(value.size())) + std::string{value};
}

std::string ssl_element(const ProxiedTls& tls) {
    const bool certificate = tls.client_name.has_value();
    const std::uint32_t unverified = certificate ? 0 : 1;
    std::string value;
    value += static_cast<char>(client_over_tls | (certificate ? client_showed_certificate : 0));
    value += v2::big_endian(unverified);
    value += element(v2::subtype_ssl_version, tls.version);
    value += element(v2::subtype_ssl_cipher, tls.cipher);
    if (certificate) {
        value += element(v2::subtype_ssl_cn, *tls.client_name);
    }
    const auto size = static_cast<std::uint16_t>(value.size());
    return v2::type_ssl + v2::big_endian(size) + value;
}

}  // namespace

std::string format_proxy_v1(const ProxiedAddresses& addresses) {
    const auto [source, destination] = unmapped(addresses);
    if (source.address().is_v4() != destination.address().is_v4()) {
        return "PROXY UNKNOWN\r\n";
    }
    std::string line = source.address().is_v4() ? "PROXY TCP4 " : "PROXY TCP6 ";
    line += source.address().to_string() + ' ' + destination.address().to_string() + ' ';
    line += std::to_string(source.port()) + ' ' + std::to_string(destination.port()) + "\r\n";
    return line;
}

std::string format_proxy_v2(const ProxiedConnection& connection) {
    const auto [source, destination] = unmapped(connection.addresses);
    const bool v4 = source.address().is_v4() && destination.address().is_v4();
    std::string block = bytes_of(source.address(), v4) + bytes_of(destination.address(), v4);
    block += v2::big_endian(source.port()) + v2::big_endian(destination.port());
    if (connection.tls) {
        if (!connection.tls->server_name.empty()) {
            block += element(v2::type_authority, connection.tls->server_name);
        }
        block += ssl_element(*connection.tls);
    }
    if (!connection.unique_id.empty()) {
        block += element(v2::type_unique_id, connection.unique_id.substr(0, 128));
    }
    std::string header{v2::signature};
    header += v2::command_proxy;
    header += static_cast<char>(v4 ? v2::tcp4 : v2::tcp6);
    header += v2::big_endian(static_cast<std::uint16_t>(block.size()));
    return header + block;
}

std::string format_proxy_header(config::ProxyVersion version, const ProxiedConnection& connection) {
    switch (version) {
        case config::ProxyVersion::v1:
            return format_proxy_v1(connection.addresses);
        case config::ProxyVersion::v2:
            return format_proxy_v2(connection);
        case config::ProxyVersion::none:
            break;
    }
    return {};
}

}  // namespace hsmfront::net
