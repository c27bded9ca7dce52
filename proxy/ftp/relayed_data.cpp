#include "proxy/ftp/relayed_data.hpp"

#include "proxy/ftp/endpoint.hpp"
#include "proxy/net/errc.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace hsmfront::ftp {
namespace {

constexpr net::milliseconds header_limit{3000};

/// Why a whole header is not the client's; empty: it is.
std::string mismatch(const net::HeaderProgress& header, const net::asio::ip::address& client) {
    if (!header.addresses) {
        return "its PROXY header names no client";
    }
    const auto& source = header.addresses->source;
    if (!same_host(source.address(), client)) {
        return "it is of " + to_string(source) + ", the client is " + client.to_string();
    }
    return "";
}

}  // namespace

net::Task<bool> relayed_from_client(
    net::Executor executor, net::SocketIo& io, net::tcp::endpoint peer, const RelayedOrigin& origin
) {
    std::string problem;
    if (!origin.balancers->networks.contains(peer.address())) {
        problem = "it does not come through a balancer";
    } else {
        const auto limit = std::min(origin.balancers->header_limit, header_limit);
        const auto header = co_await net::receive_proxy_header(executor, io, limit);
        problem = header ? mismatch(*header, origin.client) : header.error().message();
    }
    if (!problem.empty()) {
        spdlog::warn(
            "session {} ftps: data connection from {} refused: {}",
            origin.session_id,
            to_string(peer),
            problem
        );
    }
    co_return problem.empty();
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
