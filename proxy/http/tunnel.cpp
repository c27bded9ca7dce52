// The two directions of a tunnel.
#include "proxy/http/tunnel.hpp"

#include "proxy/net/errc.hpp"
#include "proxy/net/relay.hpp"

namespace hsmfront::http {

net::Task<bool> Tunnel::run(std::string head) {
    const error_code ec = co_await client_.write(head);
    if (ec) {
        co_return false;
    }
    tasks_.spawn(to_backend(), "tunnel to backend");
    co_await to_client();
    co_await tasks_.join();
    co_return !cut_;
}

net::Task<void> Tunnel::to_backend() {
    const error_code ec = co_await hand_on(client_.inlet(), backend_.stream);
    if (ec) {
        cut();
        co_return;
    }
    std::uint64_t moved = 0;
    const net::RelayResult result = co_await net::relay(
        client_.transport(), backend_.stream, client_.worker().buffers, client_.watch(), moved
    );
    if (!result.complete()) {
        cut();
        co_return;
    }
    static_cast<void>(co_await backend_.stream.shutdown_send());
}

net::Task<void> Tunnel::to_client() {
    const error_code ec = co_await hand_on(backend_.inlet, client_.transport());
    if (ec) {
        cut();
        co_return;
    }
    std::uint64_t moved = 0;
    const net::RelayResult result = co_await net::relay(
        backend_.stream, client_.transport(), client_.worker().buffers, client_.watch(), moved
    );
    client_.count_sent(moved);
    if (!result.complete()) {
        cut();
        co_return;
    }
    static_cast<void>(co_await client_.transport().shutdown_send());
}

/// What was read ahead of the tunnel.
net::Task<error_code> Tunnel::hand_on(Inlet& from, net::Transport& to) {
    const error_code ec = co_await net::write_all(to, from.bytes());
    from.consume(from.bytes().size());
    co_return ec;
}

void Tunnel::cut() noexcept {
    cut_ = true;
    client_.transport().interrupt(net::Errc::stopped);
    backend_.stream.interrupt(net::Errc::stopped);
}

}  // namespace hsmfront::http
