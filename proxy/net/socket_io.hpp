// SocketIo: a non-blocking TCP socket whose waits can be interrupted for good. Both transports and
// the connector stand on it.
#pragma once

#include "proxy/net/transport.hpp"

namespace hsmfront::net {

class SocketIo final : public Interruptible {
  public:
    /// Sets the socket non-blocking and TCP_NODELAY (small protocol replies must not wait for
    /// acknowledgements).
    explicit SocketIo(Socket socket);

    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    [[nodiscard]] int fd() { return socket_.native_handle(); }
    /// The reason of an interruption, if there was one.
    [[nodiscard]] const error_code& interrupted() const noexcept { return interrupted_; }

    [[nodiscard]] Task<error_code> wait(Direction direction);
    /// True once the peer has sent FIN or RST, whatever it sent before; no byte is read.
    [[nodiscard]] bool hung_up() noexcept;
    void interrupt(error_code reason) noexcept override;
    void resume() noexcept { interrupted_.clear(); }
    /// Acknowledges what comes next without delay (tcp(7), TCP_QUICKACK).
    void acknowledge_at_once() noexcept;
    /// FIN.
    error_code shutdown_send() noexcept;
    /// Closes with RST (SO_LINGER 0).
    void reset() noexcept;
    void close() noexcept;
    [[nodiscard]] Socket release() noexcept { return std::move(socket_); }
    /// Unspecified address when the connection is gone.
    [[nodiscard]] tcp::endpoint peer() const;
    [[nodiscard]] tcp::endpoint local() const;

  private:
    Socket socket_;
    error_code interrupted_;
};

}  // namespace hsmfront::net
