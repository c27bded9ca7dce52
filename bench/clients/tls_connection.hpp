// TlsConnection: a non-blocking TLS client connection, and what all of one run have in common.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <netinet/in.h>
#include <span>
#include <string>
#include <string_view>

namespace hsmfront::bench {

struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* ctx) const { SSL_CTX_free(ctx); }
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslPtr = std::unique_ptr<SSL, SslDeleter>;
using SslCtxPtr = std::unique_ptr<SSL_CTX, SslDeleter>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, SslDeleter>;

/// Where connections go.
struct Endpoint {
    /// `target` is "PORT" (of 127.0.0.1) or "HOST:PORT". Throws std::invalid_argument.
    explicit Endpoint(const std::string& target);

    std::string host;
    sockaddr_storage address{};
    socklen_t size = 0;
    /// Connections may come from 127.1.0.1, 127.1.0.2, …
    bool loopback = false;
};

/// TLS of `version` "1.2" or "1.3" alone, AES-128-GCM alone and X25519 preferred, so that every
/// target does the same work (P-256 is there for ECDSA certificates in TLS 1.2, RFC 8422 §5.1);
/// certificates are not verified. `alpn` may be empty.
[[nodiscard]] SslCtxPtr client_context(const std::string& version, const std::string& alpn);

/// The process may open as many files as the system lets it.
void raise_file_limit();

class TlsConnection {
  public:
    enum class Outcome { done, waiting, failed };

    /// Connects. Connection `number` comes from an address of its own for each 500, so that neither
    /// the ports of one address nor a target's limit per address is used up. `session`, if there is
    /// one, is offered for resumption. Throws std::system_error.
    TlsConnection(SSL_CTX* ctx, const Endpoint& to, int number, SSL_SESSION* session = nullptr);
    /// Resets what is not closed yet: thousands of ports in TIME_WAIT would end the run.
    ~TlsConnection();
    TlsConnection(const TlsConnection&) = delete;
    TlsConnection& operator=(const TlsConnection&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] SSL* ssl() const { return ssl_.get(); }

    [[nodiscard]] Outcome handshake();
    /// Bytes read; 0: wait; -1: the connection is over.
    [[nodiscard]] int read(std::span<char> into);
    /// Bytes written, perhaps not all; 0: wait, then write the same again; -1: it is over.
    [[nodiscard]] int write(std::string_view bytes);
    /// Says close_notify; `closing` then waits for the peer's end of the connection.
    void close();
    [[nodiscard]] Outcome closing();
    /// Why something above failed.
    [[nodiscard]] const std::string& failure() const { return failure_; }

  private:
    [[nodiscard]] int count(int result);

    int fd_;
    SslPtr ssl_;
    std::string failure_;
};

}  // namespace hsmfront::bench
