#include "proxy/ftp/relayed_data.hpp"

#include "proxy/ftp/endpoint.hpp"
#include "proxy/net/errc.hpp"

#include <algorithm>

namespace hsmfront::ftp {
namespace {

constexpr net::milliseconds header_limit{3000};

/// Why a connection with this header is not the client's; empty: it is.
std::string mismatch(
    const Result<net::HeaderProgress>& header, const net::asio::ip::address& client
) {
    if (!header) {
        return header.error().message();
    }
    if (!header->addresses) {
        return "its PROXY header names no client";
    }
    const auto& source = header->addresses->source;
    if (!same_host(source.address(), client)) {
        return "it is of " + to_string(source) + ", the client is " + client.to_string();
    }
    return "";
}

void log_refusal(
    const RelayedOrigin& origin, const net::tcp::endpoint& peer, std::string_view problem
) {
    origin.log.warn("ftps: data connection from {} refused: {}", to_string(peer), problem);
}

}  // namespace

net::Task<std::optional<net::tcp::endpoint>> relayed_client(
    net::Executor executor, net::SocketIo& io, net::tcp::endpoint peer, const RelayedOrigin& origin
) {
    if (!origin.balancers->networks.contains(peer.address())) {
        log_refusal(origin, peer, "it does not come through a balancer");
        co_return std::nullopt;
    }
    const auto limit = std::min(origin.balancers->header_limit, header_limit);
    const auto header = co_await net::receive_proxy_header(executor, io, limit);
    const std::string problem = mismatch(header, origin.client);
    if (problem.empty()) {
        co_return header->addresses->source;
    }
    if (!header.has_error() || header.error() != net::Errc::stopped) {
        log_refusal(origin, peer, problem);
    }
    co_return std::nullopt;
}

net::asio::ip::address active_source(
    const net::asio::ip::address& own, const net::asio::ip::address& client
) {
    if (own.is_v4() == client.is_v4()) {
        return own;
    }
    return client.is_v4() ? net::asio::ip::address(net::asio::ip::address_v4::any())
                          : net::asio::ip::address(net::asio::ip::address_v6::any());
}

}  // namespace hsmfront::ftp
