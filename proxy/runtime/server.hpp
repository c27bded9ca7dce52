// Server: the proxy from bound ports to the last session.
#pragma once

#include "config/settings.hpp"
#include "proxy/admin/admin_server.hpp"
#include "proxy/admin/control_socket.hpp"
#include "proxy/admin/latency_history.hpp"
#include "proxy/runtime/admission.hpp"
#include "proxy/runtime/configurator.hpp"
#include "proxy/runtime/front.hpp"
#include "proxy/runtime/memory_watch.hpp"
#include "proxy/runtime/predecessor.hpp"
#include "proxy/runtime/service_manager.hpp"
#include "proxy/runtime/session_census.hpp"
#include "proxy/runtime/spawn.hpp"
#include "proxy/runtime/stapler.hpp"
#include "proxy/runtime/successor.hpp"
#include "proxy/runtime/worker.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <vector>

namespace hsmfront::runtime {

/// Order of start: ports, privileges, workers, then keys; each protocol as soon as its own key is
/// there, whatever happens to the other. No process is forked, but for an upgrade, which leaves the
/// ports to another process. All on the main thread.
class Server {
  public:
    Server(
        Configurator::Source source,
        std::shared_ptr<const config::Settings> settings,
        certs::Pins written_pins,
        std::unique_ptr<Predecessor> predecessor
    );
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Serves until a signal ends it. Returns the exit code.
    [[nodiscard]] int run();

  private:
    /// False: the reason is logged.
    [[nodiscard]] bool open();
    void inherit();
    [[nodiscard]] bool bind_ports();
    [[nodiscard]] bool open_control_socket();
    [[nodiscard]] bool open_admin_server();
    void show(std::string_view path, const admin::AdminServer::Reply& reply);
    void sample_latency();
    void start_workers();
    void start_configurator();
    /// Commands and monitoring come here from now on.
    void begin();
    void await_predecessor();
    void on_took_over(const certs::Loaded<void>& result);
    void wait_for_signal();
    void on_signal(int signal);
    void on_command(admin::ControlRequest request, const admin::ControlSocket::Reply& reply);
    [[nodiscard]] admin::ServiceStatus status() const;
    void on_nothing_starts();
    void on_worker_done();
    /// Unless something else is to be done later, or everything has ended by then.
    void later(std::chrono::milliseconds delay, std::function<void()> action);
    /// Not ready any more; balancers have shutdown.delay to notice.
    void announce_end();
    void reload(const admin::ControlSocket::Reply& reply);
    void upgrade(const admin::ControlSocket::Reply& reply);
    void retire(Successor& successor);
    void end_sessions();
    void begin_drain();
    void interrupt_sessions();
    void end_when_idle();

    const std::shared_ptr<const config::Settings> settings_;  ///< of the start
    net::asio::io_context main_{1};
    net::asio::signal_set signals_{main_};
    net::asio::steady_timer deadline_{main_};
    Admission admission_;
    MemoryWatch memory_{main_, admission_};
    std::atomic<std::uint64_t> session_ids_ = ids_before(std::chrono::system_clock::now());
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<Front> front_;
    std::unique_ptr<SessionCensus> census_;
    Stapler stapler_;
    std::unique_ptr<Configurator> configurator_;
    Configurator::Source source_;
    certs::Pins written_pins_;
    const CommandLine command_line_ = CommandLine::present();
    const std::unique_ptr<Predecessor> predecessor_;  ///< null: nobody's place is taken
    std::unique_ptr<admin::ControlSocket> control_;
    std::unique_ptr<admin::AdminServer> admin_;
    std::unique_ptr<ServiceManager> manager_;
    net::asio::steady_timer sampling_{main_};
    admin::LatencyHistory latency_;
    std::size_t workers_running_ = 0;
    bool configuring_ = true;
    bool upgrading_ = false;
    bool retired_ = false;  ///< another process serves
    bool ending_ = false;   ///< a signal asked for it
    bool draining_ = false;
    bool ended_ = false;  ///< what is due already must not begin anything
    int exit_code_ = 0;
};

}  // namespace hsmfront::runtime
