// SocketIo: a non-blocking TCP socket whose waits can be interrupted for good. Both transports and
// the connector stand on it.
#pragma once

#include "proxy/net/socket.hpp"
#include "proxy/net/transport.hpp"

namespace hsmfront::net {

class SocketIo final : public Interruptible {
  public:
    /// Sets TCP_NODELAY (small protocol replies must not wait for acknowledgements).
    explicit SocketIo(Socket socket);

    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    [[nodiscard]] int fd() const noexcept { return socket_.native_handle(); }
    /// The reason of an interruption, if there was one.
    [[nodiscard]] const error_code& interrupted() const noexcept { return interrupted_; }

    /// recv(2), unless it is known that nothing is there. `failed` with Errc::eof at the end.
    [[nodiscard]] Attempt receive(std::span<char> space) noexcept;
    /// send(2), unless it is known that nothing is taken. Never SIGPIPE.
    [[nodiscard]] Attempt send(std::span<const char> bytes) noexcept;
    /// The same of two pieces, one after the other.
    [[nodiscard]] Attempt send(std::span<const char> first, std::span<const char> second) noexcept;
    /// What Watched says of it.
    [[nodiscard]] bool ready(Direction direction) const noexcept;
    void exhausted(Direction direction) noexcept { socket_.watched().exhausted(direction); }

    [[nodiscard]] Task<error_code> wait(Direction direction);
    /// True once the peer has sent FIN or RST, whatever it sent before; no byte is read.
    [[nodiscard]] bool hung_up() noexcept;
    void interrupt(error_code reason) noexcept override;
    void resume() noexcept { interrupted_.clear(); }
    /// Acknowledges what comes next without delay (tcp(7), TCP_QUICKACK).
    void acknowledge_at_once() noexcept;
    /// FIN.
    error_code shutdown_send() noexcept { return socket_.shutdown_send(); }
    /// Closes with RST (SO_LINGER 0).
    void reset() noexcept;
    /// Whether every close is one with RST, that by the kernel when the process dies included.
    void reset_on_close(bool on) noexcept;
    void close() noexcept { socket_.close(); }
    [[nodiscard]] Socket release() noexcept { return std::move(socket_); }
    /// Unspecified address when the connection is gone.
    [[nodiscard]] tcp::endpoint peer() const;
    [[nodiscard]] tcp::endpoint local() const;

  private:
    Socket socket_;
    error_code interrupted_;
};

}  // namespace hsmfront::net
