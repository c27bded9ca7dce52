// FtpsConnection: one blocking connection of an FTP client, in clear at first, then in TLS.
#pragma once

#include "bench/clients/tls_connection.hpp"

#include <span>
#include <string_view>

namespace hsmfront::bench {

/// All that can go wrong throws std::runtime_error; a peer that is silent for 20 seconds as well.
class FtpsConnection {
  public:
    /// Connects.
    explicit FtpsConnection(const Endpoint& to);
    ~FtpsConnection();
    FtpsConnection(const FtpsConnection&) = delete;
    FtpsConnection& operator=(const FtpsConnection&) = delete;

    /// TLS from here on. `session`, if there is one, is offered for resumption; `owner` is what
    /// owner_of() gives in the context's callbacks.
    void secure(SSL_CTX* ctx, SSL_SESSION* session, void* owner);
    [[nodiscard]] static void* owner_of(const SSL* ssl) { return SSL_get_app_data(ssl); }
    [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

    /// Bytes read, 0 at the end.
    [[nodiscard]] std::size_t read(std::span<char> into);
    void write(std::string_view bytes);
    /// close_notify and FIN, then reads what comes until the peer closes too.
    void finish();

  private:
    int fd_;
    SslPtr ssl_;
};

}  // namespace hsmfront::bench
