// TcpStream: Transport over plain TCP.
#pragma once

#include "proxy/net/socket_io.hpp"

namespace hsmfront::net {

class TcpStream final : public Transport {
  public:
    explicit TcpStream(Socket socket) : io_(std::move(socket)) {}

    [[nodiscard]] Attempt try_read(std::span<char> buffer) override;
    [[nodiscard]] Attempt try_write(std::span<const char> bytes) override;
    [[nodiscard]] Task<error_code> wait(Direction direction) override;
    [[nodiscard]] Task<error_code> shutdown_send() override;
    void interrupt(error_code reason) noexcept override { io_.interrupt(reason); }
    void resume() noexcept override { io_.resume(); }
    void reset() noexcept override { io_.reset(); }
    void reset_on_close(bool on) noexcept { io_.reset_on_close(on); }
    void close() noexcept override { io_.close(); }
    [[nodiscard]] tcp::endpoint peer() const override;
    [[nodiscard]] tcp::endpoint local() const override;

    /// True if nothing is known to have come, neither a byte nor the end.
    [[nodiscard]] bool quiet() const noexcept { return !io_.ready(Direction::read); }
    /// True if nothing has come. One system call.
    [[nodiscard]] bool silent() noexcept;
    /// Gives the socket away, for AUTH TLS.
    [[nodiscard]] Socket release() noexcept { return io_.release(); }

  private:
    SocketIo io_;
};

}  // namespace hsmfront::net
