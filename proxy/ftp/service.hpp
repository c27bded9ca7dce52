// Service: the FTPS side of one worker.
#pragma once

#include "config/settings.hpp"
#include "proxy/ftp/login_throttle.hpp"
#include "proxy/ftp/traffic.hpp"
#include "proxy/net/port_range.hpp"
#include "proxy/net/proxy_intake.hpp"
#include "proxy/net/session.hpp"
#include "proxy/tls/context.hpp"
#include "proxy/tls/handshake_counters.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace hsmfront::ftp {

/// What a session needs and keeps until it ends, even after a reload.
struct Snapshot {
    std::shared_ptr<const config::Settings> settings;
    std::vector<std::shared_ptr<const tls::Context>> tls;  ///< of each listener
    std::shared_ptr<net::PortRange> passive_ports;         ///< shared by all workers, as is:
    std::shared_ptr<LoginThrottle> logins;
    /// For the data connections of clients that came through one.
    std::shared_ptr<const net::Balancers> balancers;
    std::shared_ptr<tls::HandshakeCounters> handshakes = {};  ///< null: not counted; as is:
    std::shared_ptr<tls::HandshakeCounters> data_handshakes = {};
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

    /// One control connection with all its data connections, from accept to close, which came in
    /// through `listener` (of ftp.listen). Logs its end; does not throw.
    [[nodiscard]] net::Task<void> serve(net::Accepted accepted, std::size_t listener);

  private:
    net::WorkerContext& worker_;
    std::shared_ptr<const Snapshot> snapshot_;
    const std::shared_ptr<Traffic> traffic_;
};

}  // namespace hsmfront::ftp
