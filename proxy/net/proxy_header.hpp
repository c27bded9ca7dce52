// The PROXY protocol, versions 1 and 2, both ways and without sockets
// (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt; sections below are its own).
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::net {

/// Why bytes are no header.
enum class HeaderErrc {
    no_signature = 1,  ///< begins like neither version
    line_too_long,     ///< version 1: no CRLF within 107 bytes
    bare_line_end,     ///< version 1: CR without LF or LF without CR
    bad_line,          ///< version 1: another protocol, or not exactly its fields
    bad_address,       ///< version 1: not a literal of the announced family
    bad_port,          ///< version 1: not canonical, or above 65535
    bad_version,       ///< version 2: neither 2.LOCAL nor 2.PROXY
    bad_family,        ///< version 2: unassigned address family or protocol
    too_long,          ///< version 2: announces more than max_proxy_header
    addresses_cut,     ///< version 2: shorter than the addresses of its family
    bad_tlv,           ///< version 2: an element reaches beyond the header
    bad_checksum,      ///< version 2: CRC32C given and wrong
};

const boost::system::error_category& header_category() noexcept;

inline error_code make_error_code(HeaderErrc e) noexcept {
    return {static_cast<int>(e), header_category()};
}

/// Of a whole header, in bytes. The specification wants a header to fit into one segment of 536
/// bytes; the rest is room for balancers that add elements of their own.
inline constexpr std::size_t max_proxy_header = 2048;

/// Both ends of a connection as the client sees them.
struct ProxiedAddresses {
    boost::asio::ip::tcp::endpoint source;       ///< the client
    boost::asio::ip::tcp::endpoint destination;  ///< what it dialled
};

struct HeaderProgress {
    bool complete = false;
    /// Complete: the bytes of the header; what follows is the connection's. Else the bytes that it
    /// has at least: all that were given belong to it.
    std::size_t length = 0;
    /// Of a complete header. None: the connection's own addresses count (version 1 UNKNOWN; version
    /// 2 LOCAL, or PROXY with anything but TCP over IPv4 or IPv6).
    std::optional<ProxiedAddresses> addresses;
};

/// What `bytes`, the beginning of a connection, are. Errc: HeaderErrc; a signature is refused at
/// its first wrong byte, a line of version 1 is read once it is whole (§2.1). Of the elements (TLV)
/// of version 2 only CRC32C is looked at.
[[nodiscard]] Result<HeaderProgress> parse_proxy_header(std::string_view bytes);

/// What TLS told about the client.
struct ProxiedTls {
    std::string version;      ///< "TLSv1.3"
    std::string cipher;       ///< "TLS_AES_128_GCM_SHA256"
    std::string server_name;  ///< SNI, or empty
    /// CN of the client's verified certificate; none: it showed none.
    std::optional<std::string> client_name;
};

struct ProxiedConnection {
    ProxiedAddresses addresses;
    std::optional<ProxiedTls> tls;
    std::string unique_id;  ///< at most 128 bytes (§2.2.5); empty: not told
};

/// IPv4-mapped addresses are written as IPv4. Addresses of two families: UNKNOWN.
[[nodiscard]] std::string format_proxy_v1(const ProxiedAddresses& addresses);

/// The same, but addresses of two families are both written as IPv6.
[[nodiscard]] std::string format_proxy_v2(const ProxiedConnection& connection);

/// Either, as configured; empty for `none`.
[[nodiscard]] std::string format_proxy_header(
    config::ProxyVersion version, const ProxiedConnection& connection
);

}  // namespace hsmfront::net

template <>
struct boost::system::is_error_code_enum<hsmfront::net::HeaderErrc> : std::true_type {};
