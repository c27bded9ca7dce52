#include "proxy/net/socket_io.hpp"

#include "proxy/net/errc.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace hsmfront::net {
namespace {

Attempt nothing(Direction direction) noexcept {
    const bool read = direction == Direction::read;
    return {read ? Attempt::State::want_read : Attempt::State::want_write, 0, {}};
}

}  // namespace

SocketIo::SocketIo(Socket socket) : socket_(std::move(socket)) {
    error_code ignored;  // a socket the peer already reset fails here; the first read tells
    socket_.set_option(tcp::no_delay(true), ignored);
}

bool SocketIo::ready(Direction direction) const noexcept {
    return !socket_.is_open() || socket_.watched().ready(direction);
}

Attempt SocketIo::receive(std::span<char> space) noexcept {
    if (!ready(Direction::read)) {
        return nothing(Direction::read);
    }
    const ssize_t n = ::recv(fd(), space.data(), space.size(), 0);
    if (n > 0) {
        const auto bytes = static_cast<std::size_t>(n);
        if (bytes < space.size()) {
            socket_.watched().fell_short(Direction::read);
        }
        return {Attempt::State::done, bytes, {}};
    }
    if (n == 0) {
        return {Attempt::State::failed, 0, Errc::eof};
    }
    if (errno == EAGAIN) {
        exhausted(Direction::read);
        return nothing(Direction::read);
    }
    return {Attempt::State::failed, 0, {errno, boost::system::system_category()}};
}

Attempt SocketIo::send(std::span<const char> bytes) noexcept { return send({}, bytes); }

Attempt SocketIo::send(std::span<const char> first, std::span<const char> second) noexcept {
    if (!ready(Direction::write)) {
        return nothing(Direction::write);
    }
    ssize_t n = 0;
    if (first.empty()) {
        n = ::send(fd(), second.data(), second.size(), MSG_NOSIGNAL);
    } else {
        std::array<iovec, 2> pieces{
            iovec{const_cast<char*>(first.data()), first.size()},  // sendmsg(2) only reads
            iovec{const_cast<char*>(second.data()), second.size()}};
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        n = ::sendmsg(fd(), &message, MSG_NOSIGNAL);
    }
    if (n >= 0) {
        const auto taken = static_cast<std::size_t>(n);
        if (taken < first.size() + second.size()) {
            socket_.watched().fell_short(Direction::write);
        }
        return {Attempt::State::done, taken, {}};
    }
    if (errno == EAGAIN) {
        exhausted(Direction::write);
        return nothing(Direction::write);
    }
    return {Attempt::State::failed, 0, {errno, boost::system::system_category()}};
}

Task<error_code> SocketIo::wait(Direction direction) {
    if (interrupted_) {
        co_return interrupted_;
    }
    if (!socket_.is_open()) {
        co_return asio::error::operation_aborted;
    }
    const error_code ec = co_await socket_.watched().wait(direction);
    if (interrupted_) {
        co_return interrupted_;
    }
    co_return !ec && !socket_.is_open() ? make_error_code(asio::error::operation_aborted) : ec;
}

bool SocketIo::hung_up() noexcept {
    pollfd peer{.fd = fd(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&peer, 1, 0) > 0;  // POLLERR and POLLHUP are always reported
}

void SocketIo::interrupt(error_code reason) noexcept {
    if (!interrupted_) {
        interrupted_ = reason;
    }
    if (socket_.is_open()) {
        socket_.watched().wake();
    }
}

void SocketIo::acknowledge_at_once() noexcept {
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void SocketIo::reset() noexcept {
    reset_on_close(true);
    socket_.close();
}

void SocketIo::reset_on_close(bool on) noexcept {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(on, 0), ignored);
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
