// Lending, keeping and sweeping of backend connections.
#include "proxy/http/backend_pool.hpp"

#include <utility>

namespace hsmfront::http {

struct BackendPool::State {
    State(
        const net::Executor& executor, std::shared_ptr<BackendAddresses> where, const Limits& bounds
    )
        : timer(executor), addresses(std::move(where)), limits(bounds) {}

    /// May be lent: nothing to read, not closed, and the server is still there.
    [[nodiscard]] bool stands(BackendConnection& connection, Look look) const {
        net::TcpStream& stream = connection.stream;
        return addresses->contains(connection.address) &&
               (look == Look::thorough ? stream.silent() : stream.quiet());
    }

    net::Timer timer;
    std::shared_ptr<BackendAddresses> addresses;
    Limits limits;
    std::vector<std::unique_ptr<BackendConnection>> idle;  ///< the one used last stands last
    bool sweeping = false;
};

BackendPool::BackendPool(
    net::WorkerContext& worker,
    std::shared_ptr<BackendAddresses> addresses,
    net::milliseconds connect_limit,
    Limits limits
)
    : worker_(worker),
      connect_limit_(connect_limit),
      state_(std::make_shared<State>(worker.executor, std::move(addresses), limits)) {}

BackendPool::~BackendPool() = default;

std::size_t BackendPool::idle() const noexcept { return state_->idle.size(); }

std::unique_ptr<BackendConnection> BackendPool::take(Look look) {
    while (!state_->idle.empty()) {
        std::unique_ptr<BackendConnection> connection = std::move(state_->idle.back());
        state_->idle.pop_back();
        if (state_->stands(*connection, look)) {
            connection->reused = true;
            return connection;
        }
    }
    return nullptr;
}

net::Task<Result<std::unique_ptr<BackendConnection>>> BackendPool::connect(
    BackendWait& wait, std::string_view preamble
) {
    Result<net::Socket> socket = co_await http::connect(state_->addresses, wait, connect_limit_);
    if (!socket) {
        co_return socket.error();
    }
    error_code ec;
    const net::tcp::endpoint address = socket->remote_endpoint(ec);
    auto connection = std::make_unique<BackendConnection>(std::move(*socket), worker_);
    connection->address = address;
    if (!ec) {
        ec = co_await net::write_all(connection->stream, preamble);  // fits into an empty buffer
    }
    if (ec) {
        co_return ec;
    }
    co_return connection;
}

void BackendPool::give_back(std::unique_ptr<BackendConnection> connection) {
    if (state_->idle.size() >= state_->limits.idle) {
        return;
    }
    connection->idle_since = net::Clock::now();
    connection->use = BackendUse();
    state_->idle.push_back(std::move(connection));
    if (!state_->sweeping) {
        schedule_sweep(state_);
    }
}

void BackendPool::schedule_sweep(const std::shared_ptr<State>& state) {
    state->sweeping = true;
    state->timer.expires_after(state->limits.sweep_interval);
    state->timer.async_wait([weak = std::weak_ptr<State>(state)](error_code) {
        const std::shared_ptr<State> alive = weak.lock();
        if (!alive) {
            return;
        }
        const auto oldest = net::Clock::now() - alive->limits.idle_time;
        std::erase_if(alive->idle, [&](const std::unique_ptr<BackendConnection>& connection) {
            return connection->idle_since < oldest || !alive->stands(*connection, Look::thorough);
        });
        alive->sweeping = false;
        if (!alive->idle.empty()) {
            schedule_sweep(alive);
        }
    });
}

}  // namespace hsmfront::http
