// TlsClient: a blocking HTTPS client that keeps its session, and the first words of FTPS.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>

namespace hsmfront::test {

using TlsSession = std::shared_ptr<SSL_SESSION>;

struct TlsClientOptions {
    int version = 0;                ///< the only one offered; 0: any
    std::uint64_t ssl_options = 0;  ///< more of SSL_set_options(3)
};

class TlsClient {
  public:
    /// Connects to 127.0.0.1 and does the handshake, resuming `session` if given. Each wait for the
    /// server ends after 20 s.
    explicit TlsClient(
        std::uint16_t port, const TlsSession& session = nullptr, TlsClientOptions options = {}
    );
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    /// The handshake succeeded.
    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
    /// The body of the answer to a GET with a length; empty if there is none or it is not 200.
    [[nodiscard]] std::string get(const std::string& path);
    /// What the server gave to resume this session with; nothing before the first answer.
    [[nodiscard]] TlsSession session() const;

  private:
    static int keep_session(SSL* ssl, SSL_SESSION* session);

    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> ctx_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
    int fd_ = -1;
    bool connected_ = false;
    TlsSession session_;
};

/// A TCP connection to 127.0.0.1 whose reads end after 20 s; -1 if it is refused.
[[nodiscard]] int connect_to(std::uint16_t port);

/// The reply to AUTH TLS on the explicit FTPS port, as one line; empty if there is none.
[[nodiscard]] std::string auth_tls_reply(std::uint16_t port);

}  // namespace hsmfront::test
