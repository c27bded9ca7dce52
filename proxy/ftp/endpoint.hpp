// Addresses as FTP writes them: PORT, PASV (RFC 959), EPRT, EPSV (RFC 2428).
#pragma once

#include "config/result.hpp"
#include "proxy/net/executor.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::ftp {

/// "h1,h2,h3,h4,p1,p2". Errc: bad_argument.
[[nodiscard]] Result<net::tcp::endpoint> parse_port(std::string_view argument);

/// "|1|132.235.1.2|6275|" or "|2|1080::8:800:200C:417A|5282|" with any delimiter of 33–126.
/// Errc: bad_argument (also for an address of the other family), unsupported_family.
[[nodiscard]] Result<net::tcp::endpoint> parse_eprt(std::string_view argument);

/// The port of a 227 reply, whatever stands around its six numbers (RFC 1123 §4.1.2.6). The address
/// is left out: a data connection goes to the control connection's peer. Errc: bad_argument.
[[nodiscard]] Result<std::uint16_t> parse_pasv_reply(std::string_view text);

/// The port of a 229 reply. Errc: bad_argument.
[[nodiscard]] Result<std::uint16_t> parse_epsv_reply(std::string_view text);

/// Text of a 227 reply.
[[nodiscard]] std::string format_pasv(net::asio::ip::address_v4 address, std::uint16_t port);

/// Text of a 229 reply; it has no parentheses but those around the port (RFC 2428 §3).
[[nodiscard]] std::string format_epsv(std::uint16_t port);

/// Argument of PORT; `endpoint` is IPv4.
[[nodiscard]] std::string format_port(const net::tcp::endpoint& endpoint);

/// Argument of EPRT (RFC 2428 §2).
[[nodiscard]] std::string format_eprt(const net::tcp::endpoint& endpoint);

/// The IPv4 address of an IPv4-mapped one; anything else unchanged.
[[nodiscard]] net::asio::ip::address unmapped(const net::asio::ip::address& address);

/// For logs: "192.0.2.1:21", "[2001:db8::1]:21".
[[nodiscard]] std::string to_string(const net::tcp::endpoint& endpoint);

/// Equal but for IPv4 mapping and for the scope of link-local addresses.
[[nodiscard]] bool same_host(
    const net::asio::ip::address& one, const net::asio::ip::address& other
);

}  // namespace hsmfront::ftp
