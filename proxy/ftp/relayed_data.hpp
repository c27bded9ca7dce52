// Data connections of clients that come through a balancer.
#pragma once

#include "proxy/log/component.hpp"
#include "proxy/net/proxy_intake.hpp"

#include <memory>
#include <optional>

namespace hsmfront::ftp {

/// From whom data connections are taken when the control connection came through a balancer.
struct RelayedOrigin {
    std::shared_ptr<const net::Balancers> balancers;
    net::asio::ip::address client;  ///< of the control connection, as its header has it
    const log::Session& log;
};

/// Reads the PROXY header of a data connection whose TCP peer is `peer`. Its source, when `peer` is
/// a balancer and the source is the client; else logs what is wrong. A header without addresses
/// (LOCAL, UNKNOWN) tells of no client. A silent peer is waited for 3 s at most, the time that the
/// specification asks for (§2), since others wait behind it.
[[nodiscard]] net::Task<std::optional<net::tcp::endpoint>> relayed_client(
    net::Executor executor, net::SocketIo& io, net::tcp::endpoint peer, const RelayedOrigin& origin
);

/// The address to connect from to `client` in active mode: `own` if it is of the same family, else
/// any. (A balancer may speak IPv4 to us and IPv6 to the client.)
[[nodiscard]] net::asio::ip::address active_source(
    const net::asio::ip::address& own, const net::asio::ip::address& client
);

}  // namespace hsmfront::ftp
