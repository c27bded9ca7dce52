// The address in PASV replies.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "proxy/net/executor.hpp"

#include <optional>

namespace hsmfront::ftp {

/// For `client`, which dialled `local`: that of the first rule for its network, else
/// passive_address; "auto" is `local` itself. None when `local` is IPv6: PASV cannot tell it
/// (RFC 2428 §1). IPv4-mapped addresses count as IPv4.
[[nodiscard]] std::optional<net::asio::ip::address_v4> passive_address(
    const config::FtpData& settings,
    const net::asio::ip::address& client,
    const net::asio::ip::address& local
);

}  // namespace hsmfront::ftp
