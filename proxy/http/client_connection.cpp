// Interruption rules of a client connection.
#include "proxy/http/client_connection.hpp"

namespace hsmfront::http {

ClientConnection::ClientConnection(net::Transport& transport, net::WorkerContext& worker)
    : transport_(transport),
      worker_(worker),
      inlet_(transport, worker),
      watch_(worker.executor, {&links_}, net::milliseconds(0)),
      entry_(worker.sessions, *this) {
    links_.client = &transport;
    watch_.pause();
}

void ClientConnection::Links::interrupt(error_code reason) noexcept {
    client->interrupt(reason);
    if (backend != nullptr) {
        backend->interrupt(reason);
    }
}

void ClientConnection::interrupt(error_code reason) noexcept {
    const bool draining = reason == net::Errc::stopped && worker_.sessions.draining();
    if (draining && busy_ && !ending_) {
        ending_ = true;
        return;
    }
    stopped_ = true;
    links_.interrupt(reason);
}

bool ClientConnection::may_wait() const noexcept {
    return !ending_ && !stopped_ && !worker_.sessions.draining();
}

bool ClientConnection::may_continue() const noexcept {
    return may_wait() && worker_.sessions.serving();
}

void ClientConnection::resume() noexcept {
    if (!stopped_) {
        transport_.resume();
    }
}

net::Task<error_code> ClientConnection::write(std::string_view bytes) {
    const error_code ec = co_await net::write_all(transport_, bytes);
    if (!ec) {
        sent_ += bytes.size();
    }
    co_return ec;
}

}  // namespace hsmfront::http
