// Wire and WireListener: blocking TCP connections that a test plays by hand, in clear or as TLS
// client. It tells how a connection ended, which is what tests of truncation are about.
#pragma once

#include "tests/harness/process.hpp"
#include "tests/harness/tls_client.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hsmfront::test {

enum class Ending {
    fin,           ///< in clear: FIN
    close_notify,  ///< in TLS: close_notify, whatever TCP does then
    cut,           ///< in TLS: FIN without close_notify
    reset,         ///< RST
    broken,        ///< in TLS: an alert, or what is no TLS
    silence,       ///< nothing came within Wire::limit
};

/// "<fin>" and so on: no line of FTP looks like it.
[[nodiscard]] std::string to_string(Ending ending);
/// For GoogleTest.
void PrintTo(Ending ending, std::ostream* out);

/// One connection. Every wait for the peer ends after `limit`.
class Wire {
  public:
    static constexpr milliseconds limit = 20s;

    /// No connection.
    Wire() : Wire(-1) {}
    explicit Wire(int fd);
    ~Wire();
    Wire(Wire&& other) noexcept;
    Wire& operator=(Wire&& other) noexcept;

    /// From `source` if given, to `address`; all are literals. Not open if it is refused.
    [[nodiscard]] static Wire connect(
        const std::string& address, std::uint16_t port, const std::string& source = ""
    );

    [[nodiscard]] bool open() const { return fd_ >= 0; }
    [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
    /// For poll(2).
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] std::uint16_t local_port() const;

    /// False if the peer does not take all of it.
    bool send(std::string_view bytes);
    /// The same past TLS.
    bool send_raw(std::string_view bytes);
    /// One byte of TCP urgent data.
    void send_urgent(char byte);
    /// The next line without CRLF, or to_string(Ending) if none comes any more.
    [[nodiscard]] std::string line();
    struct Rest {
        std::string bytes;
        Ending ending = Ending::silence;
    };
    /// Reads to the end.
    [[nodiscard]] Rest rest();
    /// What has come by now, without waiting; Ending::silence if it has not ended.
    [[nodiscard]] Rest available();
    /// Up to and with `mark`; all that came if the connection ends before.
    [[nodiscard]] std::string until(std::string_view mark);
    /// `count` bytes, fewer if the connection ends.
    [[nodiscard]] std::string take(std::size_t count);
    /// True if nothing comes for `time`. It proves nothing when the peer is slow, but never fails
    /// because of it.
    [[nodiscard]] bool silent(milliseconds time = 200ms);

    /// Handshake as client; `session` is resumed if given.
    bool secure(SSL_CTX* context, const TlsSession& session = nullptr, const std::string& sni = "");
    /// Goes on in clear after close_notify both ways; false if theirs does not come.
    bool leave_tls();
    void send_close_notify();
    /// FIN alone, also in TLS.
    void send_fin();
    /// As a well-behaved client ends what it sent: close_notify if in TLS, then FIN.
    void finish();
    /// RST.
    void reset();
    void close();

  private:
    struct Piece {
        std::size_t bytes = 0;
        Ending ending = Ending::silence;
    };
    Piece read(char* buffer, std::size_t size);
    Piece read_tls(char* buffer, std::size_t size);

    int fd_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
    std::string buffer_;
};

/// Listens on a free port.
class WireListener {
  public:
    explicit WireListener(const std::string& address = "127.0.0.1");
    ~WireListener();
    WireListener(const WireListener&) = delete;
    WireListener& operator=(const WireListener&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// The next connection; not open if none comes within `limit`.
    [[nodiscard]] Wire accept(milliseconds limit = Wire::limit);
    /// For poll(2): readable when a connection waits.
    [[nodiscard]] int fd() const { return fd_; }
    /// From now on connections are refused.
    void close();

  private:
    int fd_ = -1;
    std::uint16_t port_ = 0;
};

}  // namespace hsmfront::test
