// BackendListener: where an active backend's data connection comes in.
#pragma once

#include "config/result.hpp"
#include "proxy/log/component.hpp"
#include "proxy/net/socket.hpp"
#include "proxy/net/transport.hpp"

#include <cstdint>
#include <memory>

namespace hsmfront::ftp {

/// For one data connection, from one address only.
class BackendListener final : public net::Interruptible {
  public:
    /// Listens on a port of the kernel's choice at `local`, ours on the backend's control
    /// connection. Errc: system errors.
    [[nodiscard]] static Result<std::unique_ptr<BackendListener>> open(
        net::Executor executor, const net::asio::ip::address& local
    );
    explicit BackendListener(net::Acceptor acceptor) : listener_(std::move(acceptor)) {}

    [[nodiscard]] net::tcp::endpoint endpoint() const;
    /// Waits for a connection from `backend`; others are closed, and `log` is told. Errc:
    /// timed_out, what it was interrupted with, system errors.
    [[nodiscard]] net::Task<Result<net::Socket>> accept(
        net::asio::ip::address backend, net::milliseconds limit, const log::Session& log
    );
    void interrupt(error_code reason) noexcept override;

  private:
    net::Listener listener_;
    error_code reason_;
};

}  // namespace hsmfront::ftp
