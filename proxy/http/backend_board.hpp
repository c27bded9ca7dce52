// BackendBoard: the backend servers of one configuration, as all workers share them.
#pragma once

#include "proxy/http/backend_server.hpp"

#include <atomic>
#include <memory>
#include <vector>

namespace hsmfront::http {

/// Immutable but for the servers' own state; thread-safe.
class BackendBoard {
  public:
    /// Servers of `previous`, the board of the configuration before a reload, are carried over with
    /// their state if their address and port are still configured. It is retired. Null: none.
    explicit BackendBoard(const config::Http& settings, BackendBoard* previous = nullptr);

    /// Each distinct set of servers once.
    [[nodiscard]] const std::vector<config::HttpBackends>& groups() const noexcept {
        return groups_;
    }
    [[nodiscard]] const std::vector<std::shared_ptr<BackendServer>>& servers() const noexcept {
        return servers_;
    }
    /// Null: not configured.
    [[nodiscard]] std::shared_ptr<BackendServer> find(const config::Endpoint& endpoint) const;

    /// True for the first that asks: whoever does the health checks for all workers.
    [[nodiscard]] bool claim_checks() noexcept { return !checks_claimed_.exchange(true); }
    /// Sessions may still use it, but nobody begins with it: health checks end.
    void retire() noexcept { retired_ = true; }
    [[nodiscard]] bool retired() const noexcept { return retired_.load(); }
    /// Numbers the workers, so that they do not all begin with the same server.
    [[nodiscard]] std::size_t next_start() noexcept { return starts_.fetch_add(1); }

  private:
    void add(const config::HttpBackends& backends, const BackendBoard* previous);

    std::shared_ptr<BackendQueue> queue_;
    std::vector<config::HttpBackends> groups_;
    std::vector<std::shared_ptr<BackendServer>> servers_;
    std::atomic<bool> checks_claimed_ = false;
    std::atomic<bool> retired_ = false;
    std::atomic<std::size_t> starts_ = 0;
};

}  // namespace hsmfront::http
