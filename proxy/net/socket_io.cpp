#include "proxy/net/socket_io.hpp"

#include "proxy/net/errc.hpp"

#include <boost/asio/socket_base.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace hsmfront::net {

SocketIo::SocketIo(Socket socket) : socket_(std::move(socket)) {
    error_code ignored;  // a socket the peer already reset fails here; the first read tells
    socket_.native_non_blocking(true, ignored);
    socket_.set_option(tcp::no_delay(true), ignored);
}

Task<error_code> SocketIo::wait(Direction direction) {
    if (interrupted_) {
        co_return interrupted_;
    }
    const auto type = direction == Direction::read ? Socket::wait_read : Socket::wait_write;
    const auto [ec] = co_await socket_.async_wait(type, as_tuple);
    if (interrupted_) {
        co_return interrupted_;
    }
    co_return ec;
}

bool SocketIo::hung_up() noexcept {
    pollfd peer{.fd = fd(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&peer, 1, 0) > 0;  // POLLERR and POLLHUP are always reported
}

void SocketIo::interrupt(error_code reason) noexcept {
    if (!interrupted_) {
        interrupted_ = reason;
    }
    error_code ignored;
    socket_.cancel(ignored);
}

void SocketIo::acknowledge_at_once() noexcept {
    const int on = 1;
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

error_code SocketIo::shutdown_send() noexcept {
    error_code ec;
    socket_.shutdown(Socket::shutdown_send, ec);
    return ec;
}

void SocketIo::reset() noexcept {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    socket_.close(ignored);
}

void SocketIo::close() noexcept {
    error_code ignored;
    socket_.close(ignored);
}

tcp::endpoint SocketIo::peer() const {
    error_code ignored;
    return socket_.remote_endpoint(ignored);
}

tcp::endpoint SocketIo::local() const {
    error_code ignored;
    return socket_.local_endpoint(ignored);
}

}  // namespace hsmfront::net
