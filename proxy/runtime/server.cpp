#include "proxy/runtime/server.hpp"

#include "proxy/ftp/service.hpp"
#include "proxy/http/service.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/key_source.hpp"
#include "proxy/runtime/listeners.hpp"
#include "proxy/runtime/log.hpp"
#include "proxy/runtime/privileges.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdlib>
#include <pthread.h>

namespace hsmfront::runtime {
namespace {

/// How long ended sessions and a start that hangs in the token may take once all must end.
constexpr std::chrono::seconds last_wait{5};

std::size_t worker_count(const config::Settings& settings) {
    return settings.workers != 0 ? settings.workers
                                 : std::max(1U, std::thread::hardware_concurrency());
}

/// Signals are for the main thread: a PKCS#11 module's system calls must not be interrupted.
void block_signals(int how) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
        sigaddset(&set, signal);
    }
    pthread_sigmask(how, &set, nullptr);
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& one : names) {
        text += (text.empty() ? "" : ", ") + one;
    }
    return text;
}

/// The last resort when something outside our control does not return.
[[noreturn]] void abandon(int exit_code) {
    close_log();
    std::_Exit(exit_code);
}

}  // namespace

Server::Server(std::shared_ptr<const config::Settings> settings)
    : settings_(std::move(settings)),
      admission_(settings_->limits),
      passive_ports_(std::make_shared<net::PortRange>(settings_->ftp.data.passive_ports)) {
    for (std::size_t i = 0; i < worker_count(*settings_); ++i) {
        workers_.push_back(std::make_unique<Worker>(admission_, session_ids_));
    }
}

Server::~Server() = default;

int Server::run() {
    // OpenSSL and p11-kit's client write to sockets without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    if (!bind_ports()) {
        return exit_failed;
    }
    if (const auto dropped = drop_to(settings_->user); !dropped) {
        spdlog::error("{}", dropped.error().message);
        return exit_failed;
    }
    forbid_core_files();
    block_signals(SIG_BLOCK);
    start_workers();
    starter_ = std::jthread([this](const std::stop_token& stop) { start_protocols(stop); });
    block_signals(SIG_UNBLOCK);
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
        signals_.add(signal);
    }
    wait_for_signal();
    main_.run();
    for (const auto& worker : workers_) {
        worker->join();
    }
    starter_ = {};
    if (hsm_) {
        hsm_->stop();
    }
    spdlog::info("stopped");
    if (hsm_ && hsm_->status().wedged() != 0) {
        abandon(exit_code_);  // a thread is still in the module; exit handlers would pull it away
    }
    return exit_code_;
}

bool Server::bind_ports() {
    for (const Protocol protocol : all_protocols) {
        if (enabled(*settings_, protocol)) {
            bind_protocol(protocol);
        }
    }
    return !listeners_.empty();
}

void Server::bind_protocol(Protocol protocol) {
    std::vector<Listener> wanted;
    if (protocol == Protocol::ftp) {
        for (const auto& listener : settings_->ftp.listen) {
            const bool implicit = listener.tls == config::FtpTlsMode::implicit_tls;
            const auto kind =
                implicit ? Listener::Kind::ftp_implicit : Listener::Kind::ftp_explicit;
            wanted.push_back({kind, listener.endpoint, {}});
        }
    } else {
        for (const auto& endpoint : settings_->http.listen) {
            wanted.push_back({Listener::Kind::https, endpoint, {}});
        }
        for (const auto& endpoint : settings_->http.redirect) {
            wanted.push_back({Listener::Kind::redirect, endpoint, {}});
        }
    }
    std::vector<net::Executor> executors;
    for (const auto& worker : workers_) {
        executors.push_back(worker->executor());
    }
    for (auto& listener : wanted) {
        auto bound = bind_listener(listener.endpoint, executors);
        if (!bound) {
            fail(protocol, bound.error().message);
            return;
        }
        listener.acceptors = std::move(*bound);
    }
    listeners_.emplace(protocol, std::move(wanted));
}

void Server::start_workers() {
    workers_running_ = workers_.size();
    for (const auto& worker : workers_) {
        worker->start([this] { net::asio::post(main_, [this] { on_worker_done(); }); });
    }
}

void Server::wait_for_signal() {
    signals_.async_wait([this](const error_code& ec, int signal) {
        if (ec) {
            return;
        }
        if (signal == SIGUSR1) {
            reopen_log();
        } else if (!draining_) {
            spdlog::info(
                "stopping: {} connections may take up to {} s to end",
                admission_.connections(),
                std::chrono::duration_cast<std::chrono::seconds>(settings_->drain).count()
            );
            begin_drain();
        } else {
            spdlog::info("stopping now");
            interrupt_sessions();
        }
        wait_for_signal();
    });
}

void Server::begin_drain() {
    draining_ = true;
    starter_.request_stop();
    for (const auto& worker : workers_) {
        worker->post([&worker = *worker] { worker.drain(); });
    }
    deadline_.expires_after(settings_->drain);
    deadline_.async_wait([this](const error_code& ec) {
        if (!ec) {
            spdlog::warn("shutdown.drain is over; ending what is left");
            interrupt_sessions();
        }
    });
}

void Server::interrupt_sessions() {
    for (const auto& worker : workers_) {
        worker->post([&worker = *worker] { worker.interrupt(); });
    }
    deadline_.expires_after(last_wait);
    deadline_.async_wait([this](const error_code& ec) {
        if (!ec) {
            spdlog::error("internal error: {} connections did not end", admission_.connections());
            abandon(exit_failed);
        }
    });
}

void Server::on_worker_done() {
    --workers_running_;
    end_when_idle();
}

void Server::on_start_finished() {
    starting_ = false;
    if (protocols_up_ == 0 && !draining_) {
        spdlog::error("no protocol could start");
        exit_code_ = exit_failed;
        begin_drain();
    }
    end_when_idle();
}

void Server::end_when_idle() {
    if (workers_running_ != 0) {
        return;
    }
    if (!starting_) {
        signals_.cancel();
        deadline_.cancel();
        return;
    }
    // Only a call into the token's module can still be running, and nothing can end that.
    deadline_.expires_after(last_wait);
    deadline_.async_wait([this](const error_code& ec) {
        if (!ec) {
            abandon(exit_code_);
        }
    });
}

void Server::start_protocols(const std::stop_token& stop) {
    bool hsm_wanted = false;
    for (const auto& [protocol, listeners] : listeners_) {
        if (uses_hsm(*settings_, protocol)) {
            hsm_wanted = true;
        } else {
            bring_up(protocol, nullptr);
        }
    }
    if (hsm_wanted) {
        start_hsm_protocols(stop);
    }
    net::asio::post(main_, [this] { on_start_finished(); });
}

void Server::start_hsm_protocols(const std::stop_token& stop) {
    auto hsm = open_hsm(settings_->hsm, stop);
    for (const auto& [protocol, listeners] : listeners_) {
        if (!uses_hsm(*settings_, protocol) || stop.stop_requested()) {
            continue;
        }
        if (!hsm) {
            fail(protocol, hsm.error().message);
        } else {
            bring_up(protocol, hsm->get());
        }
    }
    if (hsm) {
        hsm_ = std::move(*hsm);  // read by the main thread once this thread has ended
    }
}

void Server::bring_up(Protocol protocol, certs::Hsm* hsm) {
    const auto context = load_context(*settings_, protocol, hsm);
    if (!context) {
        fail(protocol, context.error().message);
        return;
    }
    if (const auto listening = listen(protocol); !listening) {
        fail(protocol, listening.error().message);
        return;
    }
    ++protocols_up_;
    for (const auto& listener : listeners_[protocol]) {
        spdlog::info(
            "protocol {} is up on {} (alias {}, key in {})",
            name(protocol),
            to_string(listener.endpoint),
            joined((*context)->aliases()),
            hsm != nullptr ? "HSM" : "file"
        );
    }
    hand_over(protocol, *context);
}

void Server::fail(Protocol protocol, const std::string& why) {
    spdlog::error("protocol {} does not start: {}", name(protocol), why);
}

certs::Loaded<void> Server::listen(Protocol protocol) {
    for (auto& listener : listeners_[protocol]) {
        for (auto& acceptor : listener.acceptors) {
            error_code ec;
            acceptor.listen(net::asio::socket_base::max_listen_connections, ec);
            if (ec) {
                return certs::Failure{
                    ec, "cannot listen on " + to_string(listener.endpoint) + ": " + ec.message()};
            }
        }
    }
    return {};
}

void Server::hand_over(Protocol protocol, const std::shared_ptr<const tls::Context>& context) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        std::vector<Opened> opened;
        for (auto& listener : listeners_[protocol]) {
            opened.push_back({listener.kind, std::move(listener.acceptors[i])});
        }
        Worker& worker = *workers_[i];
        worker.post([this, &worker, context, protocol, opened = std::move(opened)]() mutable {
            protocol == Protocol::ftp ? serve_ftp(worker, context, std::move(opened))
                                      : serve_http(worker, context, std::move(opened));
        });
    }
}

void Server::serve_ftp(
    Worker& worker, std::shared_ptr<const tls::Context> context, std::vector<Opened> opened
) {
    const auto snapshot = std::make_shared<const ftp::Snapshot>(ftp::Snapshot{
        settings_, std::move(context), passive_ports_});
    const auto service = std::make_shared<ftp::Service>(worker.context(), snapshot);
    for (auto& [kind, acceptor] : opened) {
        const auto mode = kind == Listener::Kind::ftp_implicit ? config::FtpTlsMode::implicit_tls
                                                               : config::FtpTlsMode::explicit_tls;
        worker.accept(std::move(acceptor), [service, mode](net::Accepted accepted) {
            return service->serve(std::move(accepted), mode);
        });
    }
}

void Server::serve_http(
    Worker& worker, std::shared_ptr<const tls::Context> context, std::vector<Opened> opened
) {
    const auto snapshot =
        std::make_shared<const http::Snapshot>(http::Snapshot{settings_, std::move(context)});
    const auto service = std::make_shared<http::Service>(worker.context(), snapshot);
    for (auto& [kind, acceptor] : opened) {
        const bool redirect = kind == Listener::Kind::redirect;
        worker.accept(std::move(acceptor), [service, redirect](net::Accepted accepted) {
            return redirect ? service->redirect(std::move(accepted))
                            : service->serve(std::move(accepted));
        });
    }
}

}  // namespace hsmfront::runtime
