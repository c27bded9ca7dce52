#include "proxy/net/socket.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#include <cerrno>

namespace hsmfront::net {
namespace {

using Name = int (*)(int, sockaddr*, socklen_t*);

tcp::endpoint name_of(int fd, Name name, error_code& ec) {
    tcp::endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    if (name(fd, endpoint.data(), &size) != 0) {
        ec = {errno, boost::system::system_category()};
        return {};
    }
    ec.clear();
    endpoint.resize(size);
    return endpoint;
}

}  // namespace

Socket::Socket(asio::basic_stream_socket<tcp, Executor>&& socket) : Socket(socket.get_executor()) {
    if (socket.is_open()) {
        error_code ignored;
        socket.native_non_blocking(true, ignored);
        watched_ = std::make_unique<Watched>(Loop::of(executor_), socket.release());
    }
}

error_code Socket::last_error() noexcept { return {errno, boost::system::system_category()}; }

tcp::endpoint Socket::remote_endpoint(error_code& ec) const {
    return name_of(native_handle(), ::getpeername, ec);
}

tcp::endpoint Socket::local_endpoint(error_code& ec) const {
    return name_of(native_handle(), ::getsockname, ec);
}

void Socket::keep_urgent_inline() noexcept {
    error_code ignored;  // a connection that was reset: the first read tells
    set_option(asio::socket_base::out_of_band_inline(true), ignored);
    watched_->expect_marks();
}

error_code Socket::shutdown_send() noexcept {
    return ::shutdown(native_handle(), SHUT_WR) == 0 ? error_code() : last_error();
}

void Socket::close() noexcept {
    if (watched_) {
        watched_->close();
    }
}

Listener::Listener(Acceptor&& acceptor) : executor_(acceptor.get_executor()) {
    error_code ignored;
    acceptor.native_non_blocking(true, ignored);
    watched_ = std::make_unique<Watched>(Loop::of(executor_), acceptor.release());
}

tcp::endpoint Listener::local_endpoint(error_code& ec) const {
    return name_of(watched_->fd(), ::getsockname, ec);
}

Result<Descriptor> Listener::duplicate() const noexcept {
    return Descriptor::duplicate_of(watched_->fd());
}

void Listener::leave() noexcept {
    if (is_open()) {
        watched_->loop().poller().remove(*watched_);
        watched_->close();
    }
}

void Listener::close() noexcept {
    if (watched_) {
        watched_->close();
    }
}

Result<Socket> Listener::try_accept(tcp::endpoint& peer) noexcept {
    for (;;) {
        auto size = static_cast<socklen_t>(peer.capacity());
        const int fd = ::accept4(watched_->fd(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            peer.resize(size);
            return Socket(watched_->loop(), fd);
        }
        if (errno != EINTR) {
            return error_code(errno, boost::system::system_category());
        }
    }
}

Task<Result<Socket>> Listener::accept(tcp::endpoint& peer) {
    for (;;) {
        Result<Socket> socket = try_accept(peer);
        if (socket || socket.error() != asio::error::would_block) {
            co_return socket;
        }
        watched_->exhausted(Direction::read);
        const error_code ec = co_await watched_->wait(Direction::read);
        if (ec) {
            co_return ec;
        }
        if (!is_open() || !watched_->ready(Direction::read)) {
            co_return asio::error::operation_aborted;
        }
    }
}

}  // namespace hsmfront::net
