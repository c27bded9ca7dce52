#include "bench/clients/tls_connection.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace hsmfront::bench {
namespace {

constexpr int connections_per_address = 500;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void require(bool well, const char* what) {
    if (!well) {
        throw std::runtime_error(what);
    }
}

/// 127.1.0.1 + number / 500.
sockaddr_in loopback_source(int number) {
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr =
        htonl(0x7f010001U + static_cast<std::uint32_t>(number / connections_per_address));
    return source;
}

bool is_loopback(const sockaddr_storage& address) {
    if (address.ss_family != AF_INET) {
        return false;
    }
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return ntohl(v4.sin_addr.s_addr) >> 24U == 127U;
}

}  // namespace

Endpoint::Endpoint(const std::string& target) {
    const auto colon = target.rfind(':');
    host = colon == std::string::npos ? "127.0.0.1" : target.substr(0, colon);
    const std::string port = colon == std::string::npos ? target : target.substr(colon + 1);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) {
        throw std::invalid_argument(target + ": " + ::gai_strerror(error));
    }
    std::memcpy(&address, found->ai_addr, found->ai_addrlen);
    size = found->ai_addrlen;
    ::freeaddrinfo(found);
    loopback = is_loopback(address);
}

SslCtxPtr client_context(const std::string& version, const std::string& alpn) {
    SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()));
    // X25519 first, as common clients do; servers that know P-256 alone ask for that one.
    const int number = version == "1.2" ? TLS1_2_VERSION : TLS1_3_VERSION;
    require(
        SSL_CTX_set_min_proto_version(ctx.get(), number) == 1 &&
            SSL_CTX_set_max_proto_version(ctx.get(), number) == 1 &&
            SSL_CTX_set_cipher_list(
                ctx.get(), "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
            ) == 1 &&
            SSL_CTX_set_ciphersuites(ctx.get(), "TLS_AES_128_GCM_SHA256") == 1 &&
            SSL_CTX_set1_groups_list(ctx.get(), "X25519:P-256") == 1,
        "OpenSSL has no AES-128-GCM or X25519"
    );
    SSL_CTX_set_mode(
        ctx.get(),
        SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
    );
    if (!alpn.empty()) {
        const std::string list = static_cast<char>(alpn.size()) + alpn;
        SSL_CTX_set_alpn_protos(
            ctx.get(),
            reinterpret_cast<const unsigned char*>(list.data()),
            static_cast<unsigned>(list.size())
        );
    }
    return ctx;
}

void raise_file_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

TlsConnection::TlsConnection(SSL_CTX* ctx, const Endpoint& to, int number, SSL_SESSION* session)
    : fd_(::socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      ssl_(SSL_new(ctx)) {
    if (fd_ < 0) {
        fail("socket");
    }
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (to.loopback) {
        // The port is chosen by connect, which knows that only the pair must be unique.
        ::setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        const sockaddr_in source = loopback_source(number);
        ::bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof source);
    }
    const int rc = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to.address), to.size);
    if (rc != 0 && errno != EINPROGRESS) {
        fail("connect");
    }
    SSL_set_fd(ssl_.get(), fd_);
    SSL_set_connect_state(ssl_.get());
    const std::string name = to.loopback ? "localhost" : to.host;
    SSL_set_tlsext_host_name(ssl_.get(), name.c_str());
    if (session != nullptr) {
        SSL_set_session(ssl_.get(), session);
    }
}

TlsConnection::~TlsConnection() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(fd_);
}

TlsConnection::Outcome TlsConnection::handshake() {
    const int rc = SSL_do_handshake(ssl_.get());
    if (rc == 1) {
        return Outcome::done;
    }
    return count(rc) == 0 ? Outcome::waiting : Outcome::failed;
}

int TlsConnection::count(int result) {
    if (result > 0) {
        return result;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
    // Before the connection stands the socket says ENOTCONN.
    const bool early = error == SSL_ERROR_SYSCALL && errno == ENOTCONN;
    if (waits || early) {
        return 0;
    }
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    failure_ = reason != nullptr                          ? reason
               : error == SSL_ERROR_SYSCALL && errno != 0 ? std::strerror(errno)
                                                          : "the connection was closed";
    ERR_clear_error();
    return -1;
}

int TlsConnection::read(std::span<char> into) {
    return count(SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size())));
}

int TlsConnection::write(std::string_view bytes) {
    return count(SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())));
}

void TlsConnection::close() { SSL_shutdown(ssl_.get()); }

TlsConnection::Outcome TlsConnection::closing() {
    std::array<char, 4096> rest{};
    for (;;) {
        const ssize_t n = ::recv(fd_, rest.data(), rest.size(), 0);
        if (n < 0 && errno == EAGAIN) {
            return Outcome::waiting;
        }
        if (n <= 0) {
            return n == 0 ? Outcome::done : Outcome::failed;
        }
    }
}

}  // namespace hsmfront::bench
