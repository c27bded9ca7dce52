// BackendPool: a worker's keep-alive connections to one plaintext backend server.
#pragma once

#include "proxy/http/backend_addresses.hpp"
#include "proxy/http/backend_server.hpp"
#include "proxy/http/inlet.hpp"
#include "proxy/net/tcp_stream.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace hsmfront::http {

struct BackendConnection {
    BackendConnection(net::Socket socket, net::WorkerContext& worker)
        : stream(std::move(socket)), inlet(stream, worker) {}

    net::TcpStream stream;
    Inlet inlet;
    net::tcp::endpoint address;
    net::Clock::time_point idle_since;
    bool reused = false;  ///< it served a request before
    BackendUse use;       ///< of the request that has it
};

/// The connection used last is lent first. While connections are idle, a sweep drops those that
/// the backend has closed, that sent something unasked, that are idle for too long, or whose
/// address the server's name has no more.
class BackendPool {
  public:
    struct Limits {
        std::size_t idle = 256;               ///< kept for each worker
        net::milliseconds idle_time{30'000};  ///< below the usual servers' own
        net::milliseconds sweep_interval{1'000};
    };

    BackendPool(
        net::WorkerContext& worker,
        std::shared_ptr<BackendAddresses> addresses,
        net::milliseconds connect_limit,
        Limits limits
    );
    ~BackendPool();
    BackendPool(const BackendPool&) = delete;
    BackendPool& operator=(const BackendPool&) = delete;

    enum class Look {
        quick,    ///< as far as is known; it may have ended just now
        thorough  ///< at the socket itself: one system call
    };
    /// An idle connection that still stands, or null.
    [[nodiscard]] std::unique_ptr<BackendConnection> take(Look look);
    /// A new one, whose first bytes are `preamble`. Errc: timed_out, the reason of an interruption,
    /// system errors.
    [[nodiscard]] net::Task<Result<std::unique_ptr<BackendConnection>>> connect(
        BackendWait& wait, std::string_view preamble
    );
    /// Keeps a connection whose last response is complete and that stays open.
    void give_back(std::unique_ptr<BackendConnection> connection);
    [[nodiscard]] std::size_t idle() const noexcept;

  private:
    struct State;

    net::WorkerContext& worker_;
    net::milliseconds connect_limit_;
    std::unique_ptr<State> state_;
};

}  // namespace hsmfront::http
