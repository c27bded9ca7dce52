#include "proxy/runtime/listeners.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <sys/socket.h>

namespace hsmfront::runtime {
namespace {

using net::tcp;
using ReusePort = net::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

certs::Failure failure(const config::Endpoint& endpoint, const error_code& ec) {
    return {ec, "cannot listen on " + to_string(endpoint) + ": " + ec.message()};
}

template <class AnyAcceptor>
error_code open(AnyAcceptor& acceptor, const tcp::endpoint& endpoint, bool share) {
    error_code ec;
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    }
    if (!ec && share) {
        acceptor.set_option(ReusePort(true), ec);
    }
    if (!ec && endpoint.address().is_v6()) {
        acceptor.set_option(net::asio::ip::v6_only(!endpoint.address().is_unspecified()), ec);
    }
    if (!ec) {
        acceptor.bind(endpoint, ec);
    }
    return ec;
}

}  // namespace

certs::Loaded<void> probe(const config::Endpoint& endpoint) {
    error_code ec;
    const auto address = net::asio::ip::make_address(endpoint.address, ec);
    if (ec) {
        return failure(endpoint, ec);
    }
    net::asio::io_context context{1};
    tcp::acceptor alone(context);
    ec = open(alone, {address, endpoint.port}, false);
    if (ec) {
        return failure(endpoint, ec);
    }
    return {};
}

certs::Loaded<std::vector<net::Acceptor>> bind_listener(
    const config::Endpoint& endpoint, const std::vector<net::Executor>& executors
) {
    if (auto free = probe(endpoint); !free) {
        return free.error();
    }
    error_code ec;
    const auto address = net::asio::ip::make_address(endpoint.address, ec);
    std::vector<net::Acceptor> acceptors;
    for (const auto& executor : executors) {
        net::Acceptor acceptor(executor);
        ec = open(acceptor, {address, endpoint.port}, true);
        if (ec) {
            return failure(endpoint, ec);
        }
        acceptors.push_back(std::move(acceptor));
    }
    return acceptors;
}

}  // namespace hsmfront::runtime
