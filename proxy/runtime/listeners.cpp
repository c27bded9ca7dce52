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

certs::Loaded<tcp::endpoint> native(const config::Endpoint& endpoint) {
    error_code ec;
    const auto address = net::asio::ip::make_address(endpoint.address, ec);
    if (ec) {
        return failure(endpoint, ec);
    }
    return tcp::endpoint(address, endpoint.port);
}

certs::Loaded<void> probe(const config::Endpoint& endpoint) {
    const auto address = native(endpoint);
    if (!address) {
        return address.error();
    }
    net::asio::io_context context{1};
    tcp::acceptor alone(context);
    if (const error_code ec = open(alone, *address, false)) {
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
    const auto address = native(endpoint);
    if (!address) {
        return address.error();
    }
    std::vector<net::Acceptor> acceptors;
    for (const auto& executor : executors) {
        net::Acceptor acceptor(executor);
        if (const error_code ec = open(acceptor, *address, true)) {
            return failure(endpoint, ec);
        }
        acceptors.push_back(std::move(acceptor));
    }
    return acceptors;
}

certs::Loaded<std::vector<net::Acceptor>> adopt_listener(
    const config::Endpoint& endpoint,
    const std::vector<net::Executor>& executors,
    std::vector<net::Descriptor> sockets
) {
    const auto address = native(endpoint);
    if (!address) {
        return address.error();
    }
    for (std::size_t i = 0; sockets.size() < executors.size(); ++i) {
        auto shared = net::Descriptor::duplicate_of(sockets[i].get());
        if (!shared) {
            return failure(endpoint, shared.error());
        }
        sockets.push_back(std::move(*shared));
    }
    std::vector<net::Acceptor> acceptors;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
        net::Acceptor acceptor(executors[i % executors.size()]);
        error_code ec;
        acceptor.assign(address->protocol(), sockets[i].get(), ec);
        if (ec) {
            return failure(endpoint, ec);
        }
        (void)sockets[i].release();
        acceptors.push_back(std::move(acceptor));
    }
    return acceptors;
}

}  // namespace hsmfront::runtime
