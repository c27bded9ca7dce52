// Server: the proxy from bound ports to the last session.
#pragma once

#include "config/settings.hpp"
#include "proxy/net/port_range.hpp"
#include "proxy/runtime/admission.hpp"
#include "proxy/runtime/protocol.hpp"
#include "proxy/runtime/worker.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace hsmfront::runtime {

/// Order of start: ports, privileges, workers, then keys; each protocol as soon as its own key is
/// there, whatever happens to the other. No process is forked at any time.
class Server {
  public:
    explicit Server(std::shared_ptr<const config::Settings> settings);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Serves until a signal ends it. Returns the exit code.
    [[nodiscard]] int run();

  private:
    /// One configured listener: its acceptors, one for each worker, until the protocol is up.
    struct Listener {
        enum class Kind { ftp_explicit, ftp_implicit, https, redirect };
        Kind kind;
        config::Endpoint endpoint;
        std::vector<net::Acceptor> acceptors;
    };

    /// What a worker is given when a protocol comes up.
    struct Opened {
        Listener::Kind kind;
        net::Acceptor acceptor;
    };

    // On the main thread.
    [[nodiscard]] bool bind_ports();
    void bind_protocol(Protocol protocol);
    void start_workers();
    void wait_for_signal();
    void begin_drain();
    void interrupt_sessions();
    void on_worker_done();
    void on_start_finished();
    void end_when_idle();

    // On the starter thread, which may block on files, terminal and token.
    void start_protocols(const std::stop_token& stop);
    void start_hsm_protocols(const std::stop_token& stop);
    void bring_up(Protocol protocol, certs::Hsm* hsm);
    void fail(Protocol protocol, const std::string& why);
    [[nodiscard]] certs::Loaded<void> listen(Protocol protocol);
    void hand_over(Protocol protocol, const std::shared_ptr<const tls::Context>& context);

    // On a worker's thread.
    void serve_ftp(
        Worker& worker, std::shared_ptr<const tls::Context> context, std::vector<Opened> opened
    );
    void serve_http(
        Worker& worker, std::shared_ptr<const tls::Context> context, std::vector<Opened> opened
    );

    std::shared_ptr<const config::Settings> settings_;
    net::asio::io_context main_{1};
    net::asio::signal_set signals_{main_};
    net::asio::steady_timer deadline_{main_};
    Admission admission_;
    std::atomic<std::uint64_t> session_ids_ = 0;
    std::shared_ptr<net::PortRange> passive_ports_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::map<Protocol, std::vector<Listener>> listeners_;  ///< of protocols that could bind all
    std::shared_ptr<certs::Hsm> hsm_;
    std::atomic<std::size_t> protocols_up_ = 0;
    std::size_t workers_running_ = 0;
    bool starting_ = true;
    bool draining_ = false;
    int exit_code_ = 0;
    std::jthread starter_;
};

}  // namespace hsmfront::runtime
