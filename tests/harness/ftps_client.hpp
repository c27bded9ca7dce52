// FtpsClient: an FTPS client whose every step the test decides.
#pragma once

#include "tests/harness/wire.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace hsmfront::test {

struct FtpsClientOptions {
    std::string address = "127.0.0.1";
    std::string source;  ///< empty: the kernel's choice
    int tls_version = TLS1_3_VERSION;
    std::string server_name = "localhost";  ///< SNI; empty: none
    std::filesystem::path certificate;      ///< chain and key of the client in PEM; empty: none
    std::filesystem::path key;
};

/// One control connection and what data connections need of it. Certificates are not verified:
/// that is for the tests with real clients.
class FtpsClient {
  public:
    /// Connects, in clear.
    explicit FtpsClient(std::uint16_t port, FtpsClientOptions options = {});
    FtpsClient(const FtpsClient&) = delete;
    FtpsClient& operator=(const FtpsClient&) = delete;

    /// The handshake on the control connection.
    [[nodiscard]] bool secure();
    /// Sends `command` and CRLF.
    void send(std::string_view command);
    /// The next whole reply: its lines joined by CRLF, or to_string(Ending).
    [[nodiscard]] std::string reply();
    /// send() and reply().
    [[nodiscard]] std::string ask(std::string_view command);
    [[nodiscard]] Wire& control() { return control_; }

    /// A data connection in clear. `source` as in FtpsClientOptions.
    [[nodiscard]] Wire connect_data(std::uint16_t port, const std::string& source = "") const;
    /// Its handshake, resuming the control connection's newest session unless `session` is another.
    [[nodiscard]] bool secure_data(Wire& data) { return secure_data(data, session_); }
    [[nodiscard]] bool secure_data(Wire& data, const TlsSession& session);
    /// The newest one the control connection was given; null before.
    [[nodiscard]] const TlsSession& session() const { return session_; }
    [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

  private:
    static int keep_session(SSL* ssl, SSL_SESSION* session);

    FtpsClientOptions options_;
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    TlsSession session_;
    Wire control_;
};

/// The port of a 227 or 229 reply; 0 if there is none.
[[nodiscard]] std::uint16_t passive_port_in(const std::string& reply);
/// The argument of PORT.
[[nodiscard]] std::string port_argument(const std::string& address, std::uint16_t port);

}  // namespace hsmfront::test
