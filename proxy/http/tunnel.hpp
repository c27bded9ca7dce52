// Tunnel: what a connection becomes after 101: bytes both ways (RFC 9110 §7.8).
#pragma once

#include "proxy/http/backend_pool.hpp"
#include "proxy/http/client_connection.hpp"
#include "proxy/net/task_group.hpp"

namespace hsmfront::http {

class Tunnel {
  public:
    Tunnel(ClientConnection& client, BackendConnection& backend)
        : client_(client), backend_(backend), tasks_(client.worker().executor) {}

    /// Sends `head` to the client, then relays until both sides have ended. An end of one side is
    /// passed on while the other goes on. False if something was cut.
    [[nodiscard]] net::Task<bool> run(std::string head);

  private:
    [[nodiscard]] net::Task<void> to_backend();
    [[nodiscard]] net::Task<void> to_client();
    [[nodiscard]] net::Task<error_code> hand_on(Inlet& from, net::Transport& to);
    void cut() noexcept;

    ClientConnection& client_;
    BackendConnection& backend_;
    net::TaskGroup tasks_;
    bool cut_ = false;
};

}  // namespace hsmfront::http
