// Service: the HTTPS side of one worker.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/routes.hpp"
#include "proxy/http/traffic.hpp"
#include "proxy/net/networks.hpp"
#include "proxy/net/session.hpp"
#include "proxy/tls/context.hpp"
#include "proxy/tls/handshake_counters.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace hsmfront::http {

class AccessLog;
class BackendBoard;
class BackendSet;

/// What a session needs and keeps until it ends, even after a reload.
struct Snapshot {
    std::shared_ptr<const config::Settings> settings;
    std::vector<std::shared_ptr<const tls::Context>> tls;     ///< of each listener
    std::shared_ptr<BackendBoard> backends;                   ///< shared by all workers
    std::shared_ptr<const AccessLog> access = {};             ///< null: requests are not logged
    std::shared_ptr<tls::HandshakeCounters> handshakes = {};  ///< null: not counted
};

/// One for each worker; its functions run on that worker only.
class Service {
  public:
    /// Counts into `traffic`.
    Service(
        net::WorkerContext& worker,
        std::shared_ptr<const Snapshot> snapshot,
        std::shared_ptr<Traffic> traffic
    );
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// One HTTPS connection from accept to close, which came in through `listener` (of
    /// http.listen). Logs its end; does not throw.
    [[nodiscard]] net::Task<void> serve(net::Accepted accepted, std::size_t listener);
    /// One connection on a plain redirect port: answers 308 and closes.
    [[nodiscard]] net::Task<void> redirect(net::Accepted accepted);

  private:
    net::WorkerContext& worker_;
    const std::shared_ptr<Traffic> traffic_;
    std::shared_ptr<const Snapshot> snapshot_;
    net::Networks trusted_;
    Routes routes_;
    std::unique_ptr<BackendSet> backends_;
};

}  // namespace hsmfront::http
