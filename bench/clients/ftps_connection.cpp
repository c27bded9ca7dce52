#include "bench/clients/ftps_connection.hpp"

#include <openssl/err.h>

#include <array>
#include <cerrno>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>

namespace hsmfront::bench {
namespace {

constexpr timeval patience{20, 0};

[[noreturn]] void fail(const char* what) {
    const int error = errno;
    std::string text = what;
    if (const char* reason = ERR_reason_error_string(ERR_get_error())) {
        text += std::string(": ") + reason;
    } else if (error != 0) {
        text += ": " + std::generic_category().message(error);
    }
    throw std::runtime_error(text);
}

}  // namespace

FtpsConnection::FtpsConnection(const Endpoint& to)
    : fd_(::socket(to.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to.address), to.size) != 0) {
        ::close(fd_);
        fail("connect");
    }
}

FtpsConnection::~FtpsConnection() {
    ssl_.reset();
    ::close(fd_);
}

void FtpsConnection::secure(SSL_CTX* ctx, SSL_SESSION* session, void* owner) {
    ERR_clear_error();
    errno = 0;
    ssl_.reset(SSL_new(ctx));
    SSL_set_app_data(ssl_.get(), owner);
    // Some servers close without close_notify, after which OpenSSL would not resume the session.
    SSL_set_options(ssl_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (SSL_set_fd(ssl_.get(), fd_) != 1 ||
        (session != nullptr && SSL_set_session(ssl_.get(), session) != 1) ||
        SSL_connect(ssl_.get()) != 1) {
        fail("TLS handshake");
    }
}

std::size_t FtpsConnection::read(std::span<char> into) {
    ERR_clear_error();
    errno = 0;
    if (!ssl_) {
        const ssize_t count = ::recv(fd_, into.data(), into.size(), 0);
        return count >= 0 ? static_cast<std::size_t>(count) : (fail("recv"), 0);
    }
    std::size_t count = 0;
    if (SSL_read_ex(ssl_.get(), into.data(), into.size(), &count) != 1) {
        if (SSL_get_error(ssl_.get(), 0) != SSL_ERROR_ZERO_RETURN) {
            fail("TLS read");
        }
    }
    return count;
}

void FtpsConnection::write(std::string_view bytes) {
    ERR_clear_error();
    errno = 0;
    while (!bytes.empty()) {
        std::size_t count = 0;
        if (ssl_) {
            if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count) != 1) {
                fail("TLS write");
            }
        } else {
            const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            count = sent >= 0 ? static_cast<std::size_t>(sent) : (fail("send"), 0);
        }
        bytes.remove_prefix(count);
    }
}

void FtpsConnection::finish() {
    SSL_shutdown(ssl_.get());  // fails where the peer has closed already, which is its right
    ::shutdown(fd_, SHUT_WR);
    std::array<char, 4096> buffer{};
    while (read(buffer) != 0) {
    }
}

}  // namespace hsmfront::bench
