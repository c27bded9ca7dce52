// Blocking sockets with a receive time-out.
#include "wire.hpp"

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace hsmfront::http::test {

namespace {

constexpr int patience_ms = 10'000;
constexpr int moment_ms = 100;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

bool readable(int fd, int limit_ms) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, limit_ms) > 0;
}

}  // namespace

Wire Wire::connect(std::uint16_t port) {
    Wire wire(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (::connect(wire.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        throw std::runtime_error("cannot connect");
    }
    const int on = 1;
    ::setsockopt(wire.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return wire;
}

bool Wire::send(std::string_view bytes) {
    while (!bytes.empty()) {
        pollfd entry{fd_, POLLOUT, 0};
        if (::poll(&entry, 1, patience_ms) <= 0) {
            return false;
        }
        const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) {
            return false;
        }
        bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    return true;
}

void Wire::finish() { ::shutdown(fd_, SHUT_WR); }

void Wire::reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
}

void Wire::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

bool Wire::receive() {
    if (!readable(fd_, patience_ms)) {
        end_ = End::timeout;
        return false;
    }
    std::array<char, 65536> buffer{};
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n <= 0) {
        end_ = n == 0 ? End::fin : End::reset;
        return false;
    }
    unread_.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
}

std::string Wire::until(std::string_view mark) {
    std::size_t at = unread_.find(mark);
    while (at == std::string::npos) {
        if (!receive()) {
            return std::exchange(unread_, {});
        }
        at = unread_.find(mark);
    }
    std::string taken = unread_.substr(0, at + mark.size());
    unread_.erase(0, taken.size());
    return taken;
}

std::string Wire::exactly(std::size_t count) {
    while (unread_.size() < count && receive()) {
    }
    std::string taken = unread_.substr(0, count);
    unread_.erase(0, taken.size());
    return taken;
}

std::string Wire::rest() {
    while (receive()) {
    }
    return std::exchange(unread_, {});
}

bool Wire::silent() { return unread_.empty() && !readable(fd_, moment_ms); }

Port::Port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(fd_, 16) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw std::runtime_error("cannot listen");
    }
    number_ = ntohs(address.sin_port);
}

Port::~Port() { ::close(fd_); }

Wire Port::accept() const {
    if (!readable(fd_, patience_ms)) {
        throw std::runtime_error("nobody connects");
    }
    Wire wire(::accept(fd_, nullptr, nullptr));
    const int on = 1;
    ::setsockopt(wire.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return wire;
}

bool Port::pending() const { return readable(fd_, 100); }

}  // namespace hsmfront::http::test
