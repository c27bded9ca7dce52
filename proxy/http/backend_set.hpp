// BackendSet: a worker's connections to all backend servers of one configuration.
#pragma once

#include "proxy/http/backend_board.hpp"
#include "proxy/http/backend_checks.hpp"
#include "proxy/http/backend_group.hpp"

#include <map>
#include <memory>
#include <vector>

namespace hsmfront::http {

/// Made, used and destroyed on its worker. The first worker of a configuration also does the health
/// checks for all.
class BackendSet {
  public:
    /// `worker` and `settings` outlive it.
    BackendSet(
        net::WorkerContext& worker,
        const config::Http& settings,
        std::shared_ptr<BackendBoard> board,
        BackendAddresses::Lookup lookup = {}
    );
    BackendSet(const BackendSet&) = delete;
    BackendSet& operator=(const BackendSet&) = delete;

    /// `backends` is one of the settings': of http, a host or a route, and names servers.
    [[nodiscard]] BackendGroup& group(const config::HttpBackends& backends);
    /// Connections that no request uses now.
    [[nodiscard]] std::size_t idle() const noexcept;

  private:
    struct Server {
        std::shared_ptr<BackendAddresses> addresses;
        std::unique_ptr<BackendPool> pool;
    };

    void add_servers(net::WorkerContext& worker, const BackendAddresses::Lookup& lookup);
    void add_groups(net::Executor executor);
    void begin_checks(net::WorkerContext& worker);

    const config::Http& settings_;
    const std::shared_ptr<BackendBoard> board_;
    std::map<const BackendServer*, Server> servers_;
    std::vector<std::unique_ptr<BackendGroup>> groups_;  ///< in the board's order
    std::unique_ptr<BackendChecks> checks_;
};

}  // namespace hsmfront::http
