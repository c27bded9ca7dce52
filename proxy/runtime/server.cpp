#include "proxy/runtime/server.hpp"

#include "proxy/admin/metrics.hpp"
#include "proxy/admin/socket_owner.hpp"
#include "proxy/admin/status_page.hpp"
#include "proxy/log/component.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/runtime/exit_code.hpp"
#include "proxy/runtime/log.hpp"
#include "proxy/runtime/privileges.hpp"
#include "proxy/tls/kernel_tls.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <pthread.h>

namespace hsmfront::runtime {
namespace {

/// How long ended sessions and a start that hangs in the token may take once all must end.
constexpr std::chrono::seconds last_wait{5};

std::size_t worker_count(const config::Settings& settings) {
    return settings.workers != 0 ? settings.workers
                                 : std::max(1U, std::thread::hardware_concurrency());
}

constexpr std::array handled_signals{SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};

/// Signals are for the main thread: a PKCS#11 module's system calls must not be interrupted.
void block_signals(int how) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : handled_signals) {
        sigaddset(&set, signal);
    }
    pthread_sigmask(how, &set, nullptr);
}

/// They were opened as root, and are opened again as `user` once they were rotated.
void give_logs_away(const config::Settings& settings) {
    if (settings.user.empty()) {
        return;
    }
    for (const auto& file : log_files(settings.log)) {
        if (const error_code ec = admin::give_to(file, settings.user)) {
            log::runtime.warn(
                "{} cannot be given to user {}: {}", file.string(), settings.user, ec.message()
            );
        }
    }
}

void tell_ktls(const config::Settings& settings) {
    if (settings.tls.ktls && !tls::kernel_has_tls()) {
        log::runtime.warn("tls.ktls: off, this kernel has no kTLS; modprobe tls may help");
    } else {
        log::runtime.info("kTLS is {}", settings.tls.ktls ? "on" : "off (tls.ktls)");
    }
}

auto reply_of(const admin::ControlSocket::Reply& reply) {
    return [reply](const certs::Loaded<std::string>& result) {
        reply({result.has_value(), result ? *result : result.error().message});
    };
}

/// The last resort when something outside our control does not return.
[[noreturn]] void abandon(int exit_code) {
    close_log();
    std::_Exit(exit_code);
}

}  // namespace

Server::Server(
    Configurator::Source source,
    std::shared_ptr<const config::Settings> settings,
    certs::Pins written_pins,
    std::unique_ptr<Predecessor> predecessor
)
    : settings_(std::move(settings)),
      admission_(settings_->limits),
      source_(std::move(source)),
      written_pins_(std::move(written_pins)),
      predecessor_(std::move(predecessor)) {
    for (std::size_t i = 0; i < worker_count(*settings_); ++i) {
        workers_.push_back(std::make_unique<Worker>(admission_, session_ids_));
    }
    front_ = std::make_unique<Front>(workers_);
    census_ = std::make_unique<SessionCensus>(main_, workers_);
    manager_ = std::make_unique<ServiceManager>(main_, workers_);
}

Server::~Server() = default;

int Server::run() {
    // OpenSSL and p11-kit's client write to sockets without MSG_NOSIGNAL.
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    tell_ktls(*settings_);
    if (!open()) {
        if (predecessor_ != nullptr) {
            predecessor_->fail("it cannot start; the log says why");
        }
        return exit_failed;
    }
    forbid_core_files();
    // Before sessions are served, which the default action would cut; the log's thread, which runs
    // already, takes signals too.
    for (const int signal : handled_signals) {
        signals_.add(signal);
    }
    block_signals(SIG_BLOCK);
    start_workers();
    start_configurator();
    block_signals(SIG_UNBLOCK);
    wait_for_signal();
    predecessor_ == nullptr ? begin() : await_predecessor();
    main_.run();
    for (const auto& worker : workers_) {
        worker->join();
    }
    configurator_->join();
    const std::size_t stuck = configurator_->close_hsm();
    const bool resolving = !stapler_.end() || net::lookups() != 0;
    // One more SIGTERM must not change the exit code of a service that has ended in order.
    signals_.clear();
    for (const int signal : handled_signals) {
        std::signal(signal, SIG_IGN);
    }
    log::runtime.info("stopped");
    if (stuck != 0 || resolving) {
        // A thread is still in the module, whose exit handlers would pull it away, or in the
        // resolver, which would be waited for.
        abandon(exit_code_);
    }
    return exit_code_;
}

bool Server::open() {
    inherit();
    if (!bind_ports() || !open_control_socket() || !open_admin_server()) {
        return false;
    }
    for (const auto& address : front_->close_inherited()) {
        log::runtime.info("inherited socket {}: the configuration has no use for it", address);
    }
    give_logs_away(*settings_);
    const auto dropped = drop_to(settings_->user);
    if (!dropped) {
        log::runtime.error("{}", dropped.error().message);
    }
    return dropped.has_value();
}

void Server::inherit() {
    auto sockets = InheritedSockets::of_service_manager();
    if (predecessor_ != nullptr) {
        std::ranges::move(predecessor_->handover().sockets, std::back_inserter(sockets));
    }
    front_->inherit(InheritedSockets(std::move(sockets)));
}

bool Server::bind_ports() {
    bool any = false;
    for (const Protocol protocol : all_protocols) {
        if (!enabled(*settings_, protocol)) {
            continue;
        }
        if (const auto bound = front_->bind(*settings_, protocol); !bound) {
            log::runtime.error(
                "protocol {} does not start: {}", name(protocol), bound.error().message
            );
        } else {
            any = true;
        }
    }
    return any;
}

bool Server::open_control_socket() {
    if (settings_->admin.socket.empty()) {
        return true;
    }
    auto opened = admin::ControlSocket::open(
        main_,
        settings_->admin.socket,
        settings_->user,
        [this](admin::ControlRequest request, const admin::ControlSocket::Reply& reply) {
            on_command(std::move(request), reply);
        },
        front_->take_inherited(settings_->admin.socket)
    );
    if (!opened) {
        log::runtime.error("{}", opened.error().message);
        return false;
    }
    control_ = std::move(*opened);
    return true;
}

bool Server::open_admin_server() {
    const config::AdminListen& listen = settings_->admin.listen;
    if (!listen.enabled()) {
        return true;
    }
    auto opened = admin::AdminServer::open(
        main_,
        listen,
        settings_->user,
        [this](std::string_view path, const admin::AdminServer::Reply& reply) {
            show(path, reply);
        },
        listen.path.empty() ? front_->take_inherited(listen.endpoint)
                            : front_->take_inherited(listen.path)
    );
    if (!opened) {
        log::runtime.error("{}", opened.error().message);
        return false;
    }
    admin_ = std::move(*opened);
    return true;
}

void Server::show(std::string_view path, const admin::AdminServer::Reply& reply) {
    const std::time_t now = std::time(nullptr);
    if (!admin::shows_sessions(path)) {
        reply(admin::page_of(
            path, [this] { return status(); }, now
        ));
        return;
    }
    census_->take([this, path = std::string(path), reply, now](admin::SessionStatus sessions) {
        auto all = status();
        all.sessions = std::move(sessions);
        reply(admin::page_of(
            path, [&all] { return all; }, now
        ));
    });
}

void Server::sample_latency() {
    if (const auto now = configurator_->status(); now.hsm) {
        latency_.sample(*now.hsm);
    }
    sampling_.expires_after(admin::LatencyHistory::interval);
    sampling_.async_wait([this](const error_code& ec) {
        if (!ec && !ended_) {
            sample_latency();
        }
    });
}

void Server::start_workers() {
    workers_running_ = workers_.size();
    memory_.start();
    for (const auto& worker : workers_) {
        worker->start([this] { net::asio::post(main_, [this] { on_worker_done(); }); });
    }
}

void Server::start_configurator() {
    Configurator::Hooks hooks;
    hooks.nothing_starts = [this] { net::asio::post(main_, [this] { on_nothing_starts(); }); };
    hooks.ended = [this] {
        net::asio::post(main_, [this] {
            configuring_ = false;
            end_when_idle();
        });
    };
    hooks.took_over = [this](const certs::Loaded<void>& result) {
        net::asio::post(main_, [this, result] { on_took_over(result); });
    };
    configurator_ = std::make_unique<Configurator>(
        std::move(source_),
        settings_,
        std::move(written_pins_),
        *front_,
        admission_,
        stapler_,
        std::move(hooks)
    );
    if (predecessor_ != nullptr) {
        configurator_->inherit(predecessor_->handover());
    }
    configurator_->start();
    if (admin_ != nullptr) {
        sample_latency();
    }
}

void Server::wait_for_signal() {
    signals_.async_wait([this](const error_code& ec, int signal) {
        if (!ec) {
            on_signal(signal);
            wait_for_signal();
        }
    });
}

void Server::on_signal(int signal) {
    if (signal == SIGUSR1) {
        reopen_log();
    } else if (signal == SIGHUP) {
        reload([](const admin::ControlReply&) {});
    } else if (signal == SIGUSR2) {
        upgrade([](const admin::ControlReply&) {});
    } else if (retired_ && !draining_) {
        end_sessions();
    } else if (!ending_) {
        announce_end();
    } else {
        log::runtime.info("stopping now");
        if (!draining_) {
            begin_drain();
        }
        interrupt_sessions();
    }
}

void Server::announce_end() {
    ending_ = true;
    manager_->stopping();
    if (settings_->delay.count() == 0) {
        end_sessions();
        return;
    }
    log::runtime.info(
        "stopping: not ready, but accepting for shutdown.delay, {} ms", settings_->delay.count()
    );
    later(settings_->delay, [this] {
        if (!draining_) {
            end_sessions();
        }
    });
}

void Server::end_sessions() {
    log::runtime.info(
        "stopping: {} connections may take up to {} s to end",
        admission_.connections(),
        std::chrono::duration_cast<std::chrono::seconds>(settings_->drain).count()
    );
    begin_drain();
}

void Server::reload(const admin::ControlSocket::Reply& reply) {
    if (ending_) {
        reply({false, "reload: the service is stopping"});
        return;
    }
    manager_->reloading();
    configurator_->reload([this, reply](const certs::Loaded<std::string>& result) {
        net::asio::post(main_, [this] { manager_->ready(); });
        reply_of(reply)(result);
    });
}

void Server::on_command(admin::ControlRequest request, const admin::ControlSocket::Reply& reply) {
    switch (request.verb) {
        case admin::Verb::reload:
            reload(reply);
            return;
        case admin::Verb::upgrade:
            upgrade(reply);
            return;
        case admin::Verb::pin:
            configurator_->enter_pin(std::move(request.pin), reply_of(reply));
            return;
        case admin::Verb::status: {
            const auto now = status();
            reply({now.not_ready().empty(), render(now, std::time(nullptr))});
            return;
        }
        case admin::Verb::sessions:
            census_->take([reply](const admin::SessionStatus& sessions) {
                reply({true, admin::render(sessions)});
            });
            return;
        case admin::Verb::metrics:
            reply({true, admin::render_metrics(status())});
            return;
    }
}

admin::ServiceStatus Server::status() const {
    auto status = configurator_->status();
    status.version = HSMFRONT_VERSION;
    status.connections = admission_.connections();
    status.draining = ending_;
    const auto refused = admission_.refused();
    for (std::size_t i = 0; i < refused.size(); ++i) {
        status.limits.push_back({std::string(Admission::limit_keys[i]), refused[i]});
    }
    status.handshakes = front_->handshakes();
    status.http = front_->http_status();
    status.ftp = front_->ftp_status();
    status.backends = front_->backend_status();
    status.process = admin::read_process_status();
    status.latency = latency_;
    status.dropped_log_lines = dropped_lines();
    return status;
}

void Server::begin_drain() {
    ending_ = true;
    draining_ = true;
    configurator_->request_stop();
    for (const auto& worker : workers_) {
        worker->post([&worker = *worker] { worker.drain(); });
    }
    later(settings_->drain, [this] {
        log::runtime.warn("shutdown.drain is over; ending what is left");
        interrupt_sessions();
    });
}

void Server::interrupt_sessions() {
    for (const auto& worker : workers_) {
        worker->post([&worker = *worker] { worker.interrupt(); });
    }
    later(last_wait, [this] {
        log::runtime.error("internal error: {} connections did not end", admission_.connections());
        abandon(exit_failed);
    });
}

void Server::later(std::chrono::milliseconds delay, std::function<void()> action) {
    deadline_.expires_after(delay);
    deadline_.async_wait([this, action = std::move(action)](const error_code& ec) {
        if (!ec && !ended_) {
            action();
        }
    });
}

void Server::on_worker_done() {
    --workers_running_;
    end_when_idle();
}

void Server::on_nothing_starts() {
    if (!draining_) {
        log::runtime.error("no protocol could start");
        exit_code_ = exit_failed;
        begin_drain();
    }
}

void Server::end_when_idle() {
    if (workers_running_ != 0) {
        return;
    }
    if (!configuring_) {
        ended_ = true;
        signals_.cancel();
        if (predecessor_ != nullptr) {
            predecessor_->close();
        }
        deadline_.cancel();
        sampling_.cancel();
        memory_.end();
        manager_->end();
        if (control_ != nullptr) {
            control_->close();
        }
        if (admin_ != nullptr) {
            admin_->close();
        }
        return;
    }
    // Only a call into the token's module can still be running, and nothing can end that.
    later(last_wait, [this] { abandon(exit_code_); });
}

}  // namespace hsmfront::runtime
