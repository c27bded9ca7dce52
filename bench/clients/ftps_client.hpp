// FtpsClient: explicit FTPS as common clients speak it: PBSZ 0, PROT P, TYPE I, passive data
// connections that resume the control connection's TLS session.
#pragma once

#include "bench/clients/ftps_connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::bench {

struct FtpsAccount {
    Endpoint server;
    std::string user;
    std::string password;
    bool extended = false;  ///< EPSV instead of PASV
};

/// All that can go wrong throws std::runtime_error, with the server's reply where that is it.
class FtpsClient {
  public:
    /// Connects and logs in. `ctx` is the client's own while it lives; see `keep_sessions`.
    FtpsClient(SSL_CTX* ctx, const FtpsAccount& account);
    FtpsClient(const FtpsClient&) = delete;
    FtpsClient& operator=(const FtpsClient&) = delete;

    /// Once for a context: its clients learn of the sessions that servers offer.
    static void keep_sessions(SSL_CTX* ctx);

    /// For transfers to come.
    void prepare_transfers();
    /// Bytes received.
    [[nodiscard]] std::uint64_t download(const std::string& name);
    void upload(const std::string& name, std::uint64_t size);
    /// Data connections that did not resume a session.
    [[nodiscard]] std::uint64_t not_resumed() const { return not_resumed_; }
    void quit();

  private:
    void send(std::string_view command);
    /// The next reply, of the last line the text; its code must begin with `expected`.
    std::string reply(std::string_view expected);
    std::string ask(std::string_view command, std::string_view expected);
    [[nodiscard]] std::string line();
    /// Data connection, not yet in TLS, for `command`, which the server has accepted.
    void open_data(std::optional<FtpsConnection>& data, const std::string& command);
    static int keep_session(SSL* ssl, SSL_SESSION* session);

    SSL_CTX* ctx_;
    const FtpsAccount& account_;
    FtpsConnection control_;
    std::string pending_;
    SslSessionPtr session_;  ///< the newest of any connection: some servers take each but once
    std::vector<char> buffer_;
    std::uint64_t not_resumed_ = 0;
};

}  // namespace hsmfront::bench
