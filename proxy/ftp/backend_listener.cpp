#include "proxy/ftp/backend_listener.hpp"

#include "proxy/ftp/endpoint.hpp"
#include "proxy/net/deadline.hpp"

#include <utility>

namespace hsmfront::ftp {

Result<std::unique_ptr<BackendListener>> BackendListener::open(
    net::Executor executor, const net::asio::ip::address& local
) {
    net::Acceptor acceptor(executor);
    const net::tcp::endpoint any_port(local, 0);
    error_code ec;
    acceptor.open(any_port.protocol(), ec);
    if (!ec) {
        acceptor.bind(any_port, ec);
    }
    if (!ec) {
        acceptor.listen(4, ec);
    }
    if (ec) {
        return ec;
    }
    return std::make_unique<BackendListener>(std::move(acceptor));
}

net::tcp::endpoint BackendListener::endpoint() const {
    error_code ignored;
    return listener_.local_endpoint(ignored);
}

net::Task<Result<net::Socket>> BackendListener::accept(
    net::asio::ip::address backend, net::milliseconds limit, const log::Session& log
) {
    const net::Deadline deadline(listener_.get_executor(), {this}, limit);
    while (!reason_) {
        net::tcp::endpoint peer;
        Result<net::Socket> socket = co_await listener_.accept(peer);
        if (reason_ || (!socket && socket.error() == net::asio::error::connection_aborted)) {
            continue;
        }
        if (!socket || same_host(peer.address(), backend)) {
            co_return socket;
        }
        log.warn(
            "ftps: data connection from {} refused, the backend is {}",
            to_string(peer),
            backend.to_string()
        );
    }
    co_return reason_;
}

void BackendListener::interrupt(error_code reason) noexcept {
    reason_ = reason;
    listener_.cancel();
}

}  // namespace hsmfront::ftp
