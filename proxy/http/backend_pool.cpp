// Lending, keeping and sweeping of backend connections.
#include "proxy/http/backend_pool.hpp"

#include <utility>

namespace hsmfront::http {

struct BackendPool::State final : net::Timeout {
    State(
        const net::Executor& executor, std::shared_ptr<BackendAddresses> where, const Limits& bounds
    )
        : timeouts(net::Loop::of(executor).timeouts()),
          addresses(std::move(where)),
          limits(bounds) {}

    /// May be lent: nothing to read, not closed, and the server is still there.
    [[nodiscard]] bool stands(BackendConnection& connection, Look look) const {
        net::TcpStream& stream = connection.stream;
        return addresses->contains(connection.address) &&
               (look == Look::thorough ? stream.silent() : stream.quiet());
    }

    void keep(std::unique_ptr<BackendConnection> connection);
    void on_due() noexcept override;

    net::Timeouts& timeouts;
    std::shared_ptr<BackendAddresses> addresses;
    Limits limits;
    std::vector<std::unique_ptr<BackendConnection>> idle;  ///< the one used last stands last
};

BackendPool::BackendPool(
    net::WorkerContext& worker,
    std::shared_ptr<BackendAddresses> addresses,
    net::milliseconds connect_limit,
    Limits limits
)
    : worker_(worker),
      connect_limit_(connect_limit),
      state_(std::make_unique<State>(worker.executor, std::move(addresses), limits)) {}

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
    connection->use = BackendUse();
    state_->keep(std::move(connection));
}

void BackendPool::State::keep(std::unique_ptr<BackendConnection> connection) {
    const auto now = net::Clock::now();
    connection->idle_since = now;
    idle.push_back(std::move(connection));
    if (!pending()) {
        timeouts.schedule(*this, now + limits.sweep_interval);
    }
}

void BackendPool::State::on_due() noexcept {
    const auto now = net::Clock::now();
    std::erase_if(idle, [&](const std::unique_ptr<BackendConnection>& connection) {
        return connection->idle_since < now - limits.idle_time ||
               !stands(*connection, Look::thorough);
    });
    if (!idle.empty()) {
        timeouts.schedule(*this, now + limits.sweep_interval);
    }
}

}  // namespace hsmfront::http
