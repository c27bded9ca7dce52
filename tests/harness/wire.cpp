#include "tests/harness/wire.hpp"

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <ostream>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace hsmfront::test {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
    [[nodiscard]] const sockaddr* get() const {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
};

Address resolve(const std::string& address, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
        throw std::runtime_error("no address: " + address);
    }
    Address result;
    std::memcpy(&result.storage, found->ai_addr, found->ai_addrlen);
    result.size = found->ai_addrlen;
    ::freeaddrinfo(found);
    return result;
}

std::uint16_t port_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
    return ntohs(storage.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
}

bool readable_within(int fd, milliseconds limit) {
    pollfd poll{.fd = fd, .events = POLLIN, .revents = 0};
    return ::poll(&poll, 1, static_cast<int>(limit.count())) > 0;
}

Ending ending_of(int error) { return error == ECONNRESET ? Ending::reset : Ending::silence; }

}  // namespace

std::string to_string(Ending ending) {
    static constexpr std::array<const char*, 6> names{
        "<fin>", "<close_notify>", "<cut>", "<reset>", "<broken>", "<silence>"};
    return names.at(static_cast<std::size_t>(ending));
}

void PrintTo(Ending ending, std::ostream* out) { *out << to_string(ending); }

Wire::Wire(int fd) : fd_(fd) {
    // Not SIG_IGN, which children would inherit: the proxy must see to it itself.
    std::signal(SIGPIPE, [](int) {});
    const timeval time{std::chrono::duration_cast<std::chrono::seconds>(limit).count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Wire::~Wire() { close(); }

Wire::Wire(Wire&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      ssl_(std::move(other.ssl_)),
      buffer_(std::move(other.buffer_)) {}

Wire& Wire::operator=(Wire&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(ssl_, other.ssl_);
    std::swap(buffer_, other.buffer_);
    return *this;
}

Wire Wire::connect(const std::string& address, std::uint16_t port, const std::string& source) {
    const Address target = resolve(address, port);
    const int fd = ::socket(target.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    Wire wire(fd);
    if (!source.empty()) {
        const Address from = resolve(source, 0);
        if (::bind(fd, from.get(), from.size) != 0) {
            throw std::runtime_error("cannot connect from " + source);
        }
    }
    if (::connect(fd, target.get(), target.size) != 0) {
        wire.close();
    }
    return wire;
}

std::uint16_t Wire::local_port() const { return port_of(fd_); }

bool Wire::send(std::string_view bytes) {
    if (ssl_ == nullptr) {
        return send_raw(bytes);
    }
    while (!bytes.empty()) {
        ERR_clear_error();
        std::size_t sent = 0;
        if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) != 1) {
            return false;
        }
        bytes.remove_prefix(sent);
    }
    return true;
}

bool Wire::send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count <= 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void Wire::send_urgent(char byte) { ::send(fd_, &byte, 1, MSG_NOSIGNAL | MSG_OOB); }

Wire::Piece Wire::read_tls(char* buffer, std::size_t size) {
    ERR_clear_error();
    errno = 0;
    std::size_t count = 0;
    const int rc = SSL_read_ex(ssl_.get(), buffer, size, &count);
    const int error = errno;
    if (rc == 1) {
        return {count, {}};
    }
    switch (SSL_get_error(ssl_.get(), rc)) {
        case SSL_ERROR_ZERO_RETURN:
            return {0, Ending::close_notify};
        case SSL_ERROR_SYSCALL:
        case SSL_ERROR_WANT_READ:  // the time limit
            return {0, ending_of(error)};
        default:
            break;
    }
    const bool eof = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return {0, eof ? Ending::cut : Ending::broken};
}

Wire::Piece Wire::read(char* buffer, std::size_t size) {
    if (ssl_ != nullptr) {
        return read_tls(buffer, size);
    }
    const ssize_t count = ::recv(fd_, buffer, size, 0);
    if (count > 0) {
        return {static_cast<std::size_t>(count), {}};
    }
    return {0, count == 0 ? Ending::fin : ending_of(errno)};
}

std::string Wire::line() {
    for (;;) {
        const auto end = buffer_.find("\r\n");
        if (end != std::string::npos) {
            std::string text = buffer_.substr(0, end);
            buffer_.erase(0, end + 2);
            return text;
        }
        std::array<char, 4096> piece{};
        const Piece got = read(piece.data(), piece.size());
        if (got.bytes == 0) {
            return to_string(got.ending);
        }
        buffer_.append(piece.data(), got.bytes);
    }
}

Wire::Rest Wire::rest() {
    Rest result{std::exchange(buffer_, {}), {}};
    std::array<char, 65536> piece{};
    for (;;) {
        const Piece got = read(piece.data(), piece.size());
        if (got.bytes == 0) {
            result.ending = got.ending;
            return result;
        }
        result.bytes.append(piece.data(), got.bytes);
    }
}

Wire::Rest Wire::available() {
    const int flags = ::fcntl(fd_, F_GETFL);
    ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
    Rest result = rest();
    if (result.ending == Ending::silence) {
        ::fcntl(fd_, F_SETFL, flags);
    }
    return result;
}

std::string Wire::until(std::string_view mark) {
    std::string bytes;
    while (!bytes.ends_with(mark)) {
        const std::string next = take(1);
        if (next.empty()) {
            break;
        }
        bytes += next;
    }
    return bytes;
}

std::string Wire::take(std::size_t count) {
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    while (bytes.size() < count) {
        std::array<char, 65536> piece{};
        const Piece got = read(piece.data(), std::min(piece.size(), count - bytes.size()));
        if (got.bytes == 0) {
            break;
        }
        bytes.append(piece.data(), got.bytes);
    }
    return bytes;
}

bool Wire::silent(milliseconds time) {
    return buffer_.empty() && (ssl_ == nullptr || SSL_pending(ssl_.get()) == 0) &&
           !readable_within(fd_, time);
}

bool Wire::secure(SSL_CTX* context, const TlsSession& session, const std::string& sni) {
    ssl_.reset(SSL_new(context));
    SSL_set_fd(ssl_.get(), fd_);
    if (session) {
        SSL_set_session(ssl_.get(), session.get());
    }
    if (!sni.empty()) {
        SSL_set_tlsext_host_name(ssl_.get(), sni.c_str());
    }
    ERR_clear_error();
    return SSL_connect(ssl_.get()) == 1;
}

bool Wire::leave_tls() {
    ERR_clear_error();
    const bool done = SSL_shutdown(ssl_.get()) == 1 || SSL_shutdown(ssl_.get()) == 1;
    ssl_.reset();
    return done;
}

void Wire::send_close_notify() {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
}

void Wire::send_fin() { ::shutdown(fd_, SHUT_WR); }

void Wire::finish() {
    if (ssl_ != nullptr) {
        send_close_notify();
    }
    send_fin();
}

void Wire::reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void Wire::close() {
    ssl_.reset();
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

WireListener::WireListener(const std::string& address) {
    const Address any = resolve(address, 0);
    fd_ = ::socket(any.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(fd_, any.get(), any.size) != 0 || ::listen(fd_, 64) != 0) {
        throw std::runtime_error("cannot listen on " + address);
    }
    port_ = port_of(fd_);
}

WireListener::~WireListener() { close(); }

Wire WireListener::accept(milliseconds limit) {
    return readable_within(fd_, limit) ? Wire(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC))
                                       : Wire();
}

void WireListener::close() {
    if (fd_ >= 0) {
        ::close(std::exchange(fd_, -1));
    }
}

}  // namespace hsmfront::test
