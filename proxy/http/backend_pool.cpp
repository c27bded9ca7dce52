// Lending, keeping and sweeping of backend connections.
#include "proxy/http/backend_pool.hpp"

#include "proxy/net/connector.hpp"

#include <utility>

namespace hsmfront::http {

namespace {

/// Nothing to read and not closed. One system call, without waiting.
bool stands(BackendConnection& connection) {
    char byte = 0;
    return connection.stream.try_read({&byte, 1}).state == net::Attempt::State::want_read;
}

}  // namespace

struct BackendPool::State {
    State(const net::Executor& executor, Limits bounds) : timer(executor), limits(bounds) {}

    net::Timer timer;
    Limits limits;
    std::vector<std::unique_ptr<BackendConnection>> idle;  ///< the one used last stands last
    bool sweeping = false;
};

BackendPool::BackendPool(
    net::WorkerContext& worker,
    config::Endpoint endpoint,
    net::milliseconds connect_limit,
    Limits limits
)
    : worker_(worker),
      endpoint_(std::move(endpoint)),
      connect_limit_(connect_limit),
      state_(std::make_shared<State>(worker.executor, limits)) {}

BackendPool::~BackendPool() = default;

std::size_t BackendPool::idle() const noexcept { return state_->idle.size(); }

std::unique_ptr<BackendConnection> BackendPool::take() {
    while (!state_->idle.empty()) {
        std::unique_ptr<BackendConnection> connection = std::move(state_->idle.back());
        state_->idle.pop_back();
        if (stands(*connection)) {
            connection->reused = true;
            return connection;
        }
    }
    return nullptr;
}

net::Task<Result<std::unique_ptr<BackendConnection>>> BackendPool::connect() {
    Result<net::Socket> socket = co_await net::connect(worker_.executor, endpoint_, connect_limit_);
    if (!socket) {
        co_return socket.error();
    }
    co_return std::make_unique<BackendConnection>(std::move(*socket), worker_);
}

void BackendPool::give_back(std::unique_ptr<BackendConnection> connection) {
    if (state_->idle.size() >= state_->limits.idle) {
        return;
    }
    connection->idle_since = net::Clock::now();
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
            return connection->idle_since < oldest || !stands(*connection);
        });
        alive->sweeping = false;
        if (!alive->idle.empty()) {
            schedule_sweep(alive);
        }
    });
}

}  // namespace hsmfront::http
