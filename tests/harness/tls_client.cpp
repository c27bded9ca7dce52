// TlsClient: a blocking HTTPS client that keeps its session, and the first words of FTPS.
#include "tests/harness/tls_client.hpp"

#include <csignal>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

/// One line without its end; empty at the end of input.
std::string read_line(int fd) {
    std::string line;
    for (char c = 0; ::recv(fd, &c, 1, 0) == 1;) {
        if (c == '\n') {
            line.erase(line.find_last_not_of('\r') + 1);
            return line;
        }
        line += c;
    }
    return {};
}

}  // namespace

int connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{20, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        return fd;
    }
    ::close(fd);
    return -1;
}

std::string auth_tls_reply(std::uint16_t port) {
    const int fd = connect_to(port);
    if (fd < 0) {
        return {};
    }
    std::string reply = read_line(fd);
    const std::string_view command = "AUTH TLS\r\n";
    if (::send(fd, command.data(), command.size(), MSG_NOSIGNAL) > 0) {
        reply = read_line(fd);
    }
    ::close(fd);
    return reply;
}

TlsClient::TlsClient(std::uint16_t port, const TlsSession& session, TlsClientOptions options)
    : ctx_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
      ssl_(nullptr, SSL_free),
      fd_(connect_to(port)) {
    SSL_CTX_set_session_cache_mode(
        ctx_.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE
    );
    SSL_CTX_sess_set_new_cb(ctx_.get(), keep_session);
    if (options.version != 0) {
        SSL_CTX_set_min_proto_version(ctx_.get(), options.version);
        SSL_CTX_set_max_proto_version(ctx_.get(), options.version);
    }
    SSL_CTX_set_options(ctx_.get(), options.ssl_options);
    ssl_.reset(SSL_new(ctx_.get()));
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_tlsext_host_name(ssl_.get(), "localhost");
    // Not SIG_IGN, which children would inherit: the proxy must see to it itself.
    std::signal(SIGPIPE, [](int) {});
    if (session) {
        SSL_set_session(ssl_.get(), session.get());
    }
    connected_ = fd_ >= 0 && SSL_set_fd(ssl_.get(), fd_) == 1 && SSL_connect(ssl_.get()) == 1;
}

TlsClient::~TlsClient() {
    if (connected_) {
        SSL_shutdown(ssl_.get());
    }
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

int TlsClient::keep_session(SSL* ssl, SSL_SESSION* session) {
    static_cast<TlsClient*>(SSL_get_app_data(ssl))->session_ =
        TlsSession(session, SSL_SESSION_free);
    return 1;
}

TlsSession TlsClient::session() const {
    // A TLS 1.2 session that resumed takes its new ticket in silence.
    const bool renewed =
        session_ == nullptr && connected_ && resumed() && SSL_version(ssl_.get()) < TLS1_3_VERSION;
    return renewed ? TlsSession(SSL_get1_session(ssl_.get()), SSL_SESSION_free) : session_;
}

std::string TlsClient::get(const std::string& path) {
    const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if (!connected_ ||
        SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) <= 0) {
        return {};
    }
    std::string answer;
    std::size_t body = std::string::npos;
    while (body == std::string::npos || answer.size() < body) {
        char buffer[4096];
        const int count = SSL_read(ssl_.get(), buffer, sizeof buffer);
        if (count <= 0) {
            return {};
        }
        answer.append(buffer, static_cast<std::size_t>(count));
        const auto head = answer.find("\r\n\r\n");
        const auto length = answer.find("Content-Length: ");
        if (head != std::string::npos && length < head) {
            body = head + 4 + std::stoul(answer.substr(length + 16));
        }
    }
    return answer.starts_with("HTTP/1.1 200") ? answer.substr(answer.find("\r\n\r\n") + 4) : "";
}

}  // namespace hsmfront::test
