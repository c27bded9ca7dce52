// Connection: a blocking TCP connection, plain or TLS, that can end in every bad way.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <sys/socket.h>

namespace soak {

/// A file descriptor of a socket.
class Socket {
  public:
    Socket() = default;
    explicit Socket(int fd) : fd_(fd) {}
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket() { close(); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool open() const { return fd_ >= 0; }
    void close();
    /// Closes with RST.
    void reset();

  private:
    int fd_ = -1;
};

/// To a port of the loopback address of `family`; not open if it is refused. Waits of the socket
/// end after 30 s.
[[nodiscard]] Socket connect_to(int family, std::uint16_t port);
/// A listening socket there; port 0: one that the kernel chooses.
[[nodiscard]] Socket listen_at(int family, std::uint16_t port = 0);
[[nodiscard]] std::uint16_t port_of(const Socket& socket);
/// Waits for one connection, at most 30 s.
[[nodiscard]] Socket accept_from(const Socket& listener);

enum class Read {
    bytes,
    end,     ///< FIN; in TLS, behind a close_notify
    broken,  ///< RST, or FIN without close_notify
    silent,  ///< nothing came for 30 s
};

class Connection {
  public:
    explicit Connection(Socket socket) : socket_(std::move(socket)) {}

    [[nodiscard]] bool open() const { return socket_.open(); }
    [[nodiscard]] int fd() const { return socket_.fd(); }
    /// The handshake as a client, resuming `session` if there is one.
    [[nodiscard]] bool secure(SSL_CTX* ctx, SSL_SESSION* session);
    [[nodiscard]] SSL* tls() const { return ssl_.get(); }

    /// Sets `count` for Read::bytes.
    [[nodiscard]] Read read(std::span<char> buffer, std::size_t& count);
    [[nodiscard]] bool write(std::span<const char> bytes);

    /// close_notify and FIN, then waits for the other side's.
    void end();
    /// FIN without close_notify.
    void truncate();
    void reset();

  private:
    Socket socket_;
    std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, SSL_free};
};

}  // namespace soak
