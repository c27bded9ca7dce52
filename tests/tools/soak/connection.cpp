#include "tests/tools/soak/connection.hpp"

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <unistd.h>
#include <utility>

namespace soak {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

Address loopback(int family, std::uint16_t port) {
    Address address;
    if (family == AF_INET6) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_addr = in6addr_loopback;
        v6.sin6_port = htons(port);
        address.size = sizeof v6;
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
        v4.sin_family = AF_INET;
        v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        v4.sin_port = htons(port);
        address.size = sizeof v4;
    }
    return address;
}

void limit_waits(int fd) {
    const timeval limit{30, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool timed_out(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Socket::Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

void Socket::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

void Socket::reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
}

Socket connect_to(int family, std::uint16_t port) {
    Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    limit_waits(socket.fd());
    const Address address = loopback(family, port);
    if (::connect(socket.fd(), address.get(), address.size) != 0) {
        socket.close();
    }
    return socket;
}

Socket listen_at(int family, std::uint16_t port) {
    Socket socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    limit_waits(socket.fd());
    const int on = 1;
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const Address address = loopback(family, port);
    if (::bind(socket.fd(), address.get(), address.size) != 0 || ::listen(socket.fd(), 64) != 0) {
        socket.close();
    }
    return socket;
}

std::uint16_t port_of(const Socket& socket) {
    Address address;
    address.size = sizeof address.storage;
    ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address.storage), &address.size);
    // The port stands at the same place in both families.
    return ntohs(reinterpret_cast<const sockaddr_in&>(address.storage).sin_port);
}

Socket accept_from(const Socket& listener) {
    Socket socket(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.open()) {
        limit_waits(socket.fd());
    }
    return socket;
}

bool Connection::secure(SSL_CTX* ctx, SSL_SESSION* session) {
    ssl_.reset(SSL_new(ctx));
    SSL_set_fd(ssl_.get(), socket_.fd());
    if (session != nullptr) {
        SSL_set_session(ssl_.get(), session);
    }
    ERR_clear_error();
    return SSL_connect(ssl_.get()) == 1;
}

Read Connection::read(std::span<char> buffer, std::size_t& count) {
    if (!ssl_) {
        const ssize_t n = ::recv(socket_.fd(), buffer.data(), buffer.size(), 0);
        count = n > 0 ? static_cast<std::size_t>(n) : 0;
        return n > 0              ? Read::bytes
               : n == 0           ? Read::end
               : timed_out(errno) ? Read::silent
                                  : Read::broken;
    }
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count) == 1) {
        return Read::bytes;
    }
    const int system_error = errno;
    switch (SSL_get_error(ssl_.get(), 0)) {
        case SSL_ERROR_ZERO_RETURN:
            return Read::end;
        case SSL_ERROR_WANT_READ:
            return timed_out(system_error) ? Read::silent : Read::broken;
        default:
            return Read::broken;
    }
}

bool Connection::write(std::span<const char> bytes) {
    while (!bytes.empty()) {
        std::size_t sent = 0;
        if (ssl_) {
            ERR_clear_error();
            if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) != 1) {
                return false;
            }
        } else {
            const ssize_t n = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n < 0) {
                return false;
            }
            sent = static_cast<std::size_t>(n);
        }
        bytes = bytes.subspan(sent);
    }
    return true;
}

void Connection::end() {
    if (ssl_) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    ::shutdown(socket_.fd(), SHUT_WR);
    std::array<char, 1024> rest{};
    for (std::size_t count = 0; read(rest, count) == Read::bytes;) {
    }
    ssl_.reset();
    socket_.close();
}

void Connection::truncate() {
    ssl_.reset();
    socket_.close();
}

void Connection::reset() {
    ssl_.reset();
    socket_.reset();
}

}  // namespace soak
