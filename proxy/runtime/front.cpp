#include "proxy/runtime/front.hpp"

#include "proxy/http/backend_board.hpp"
#include "proxy/runtime/listeners.hpp"
#include "proxy/runtime/log.hpp"

namespace hsmfront::runtime {
namespace {

// The service is a parameter so that it lives as long as the session, even after a reload.

net::Task<void> serve_ftp(
    std::shared_ptr<ftp::Service> service, net::Accepted accepted, std::size_t listener
) {
    co_await service->serve(std::move(accepted), listener);
}

net::Task<void> serve_https(
    std::shared_ptr<http::Service> service, net::Accepted accepted, std::size_t listener
) {
    co_await service->serve(std::move(accepted), listener);
}

net::Task<void> serve_redirect(std::shared_ptr<http::Service> service, net::Accepted accepted) {
    co_await service->redirect(std::move(accepted));
}

std::shared_ptr<const net::Balancers> balancers_of(const config::ProxyProtocol& settings) {
    return std::make_shared<const net::Balancers>(net::Balancers{
        net::Networks(settings.accept_from), settings.timeout});
}

}  // namespace

Front::Front(std::span<const std::unique_ptr<Worker>> workers) : workers_(workers) {
    for (std::size_t i = 0; i < workers.size(); ++i) {
        present_.push_back(std::make_shared<Present>());
    }
}

std::vector<Front::Listener> Front::listeners_of(
    const config::Settings& settings, Protocol protocol
) {
    std::vector<Listener> listeners;
    const auto add = [&listeners](Kind kind, std::size_t index, const config::Endpoint& endpoint) {
        listeners.push_back({kind, index, endpoint, {}});
    };
    if (protocol == Protocol::ftp) {
        for (std::size_t i = 0; i < settings.ftp.listen.size(); ++i) {
            add(Kind::ftps, i, settings.ftp.listen[i].endpoint);
        }
        return listeners;
    }
    for (std::size_t i = 0; i < settings.http.listen.size(); ++i) {
        add(Kind::https, i, settings.http.listen[i].endpoint);
    }
    for (std::size_t i = 0; i < settings.http.redirect.size(); ++i) {
        add(Kind::redirect, i, settings.http.redirect[i]);
    }
    return listeners;
}

certs::Loaded<void> Front::bind(const config::Settings& settings, Protocol protocol) {
    std::vector<net::Executor> executors;
    for (const auto& worker : workers_) {
        executors.push_back(worker->executor());
    }
    auto listeners = listeners_of(settings, protocol);
    for (auto& listener : listeners) {
        auto acceptors = bind_listener(listener.endpoint, executors);
        if (!acceptors) {
            return acceptors.error();
        }
        listener.acceptors = std::move(*acceptors);
    }
    listeners_.emplace(protocol, std::move(listeners));
    return {};
}

certs::Loaded<void> Front::publish(
    Protocol protocol,
    const std::shared_ptr<const config::Settings>& settings,
    const ListenerContexts& contexts
) {
    auto& listeners = listeners_.at(protocol);
    const bool first = !listeners.front().acceptors.empty();
    if (first) {
        if (auto listening = listen(listeners); !listening) {
            return listening;
        }
    }
    const auto balancers = balancers_of(settings->proxy_protocol);
    for (const auto& worker : workers_) {
        worker->post([&worker = *worker, balancers] { worker.set_balancers(balancers); });
    }
    if (protocol == Protocol::ftp) {
        publish_ftp(settings, contexts, balancers);
    } else {
        auto board = std::make_shared<http::BackendBoard>(settings->http, http_backends_.get());
        publish_http(std::make_shared<const http::Snapshot>(http::Snapshot{
            settings, contexts, board, access_log(), http_handshakes_}));
        const std::scoped_lock lock(mutex_);
        http_backends_ = std::move(board);
    }
    if (first) {
        start_accepting(listeners);
    }
    return {};
}

std::vector<admin::HandshakeStatus> Front::handshakes() const {
    return {
        {"ftp", ftp_handshakes_->totals()},
        {"ftp-data", ftp_data_handshakes_->totals()},
        {"http", http_handshakes_->totals()}};
}

admin::HttpStatus Front::http_status() const {
    admin::HttpStatus all;
    std::array<std::uint64_t, http::http2_limits> exceeded{};
    for (const auto& present : present_) {
        const http::Traffic& one = *present->http_traffic;
        all.connections += one.connections;
        for (std::size_t i = 0; i < all.requests.size(); ++i) {
            all.requests[i] += one.requests[i];
        }
        all.received += one.received;
        all.sent += one.sent;
        all.durations += one.durations.copy();
        all.http2_connections += one.http2.connections;
        all.http2_malformed += one.http2.malformed;
        all.http2_resets += one.http2.resets;
        for (std::size_t i = 0; i < exceeded.size(); ++i) {
            exceeded[i] += one.http2.exceeded[i];
        }
    }
    for (std::size_t i = 0; i < exceeded.size(); ++i) {
        all.http2_limits.emplace_back(name(static_cast<http::Http2Limit>(i)), exceeded[i]);
    }
    return all;
}

admin::FtpStatus Front::ftp_status() const {
    admin::FtpStatus all;
    for (const auto kind : ftp::transfer_kinds) {
        all.transfers.push_back({std::string(kind)});
    }
    for (const auto& present : present_) {
        const ftp::Traffic& one = *present->ftp_traffic;
        all.sessions += one.sessions;
        all.refused_logins += one.refused_logins;
        for (std::size_t i = 0; i < one.transfers.size(); ++i) {
            all.transfers[i].complete += one.transfers[i].complete;
            all.transfers[i].failed += one.transfers[i].failed;
            all.transfers[i].bytes += one.transfers[i].bytes;
        }
    }
    return all;
}

std::vector<admin::BackendStatus> Front::backend_status() const {
    std::shared_ptr<http::BackendBoard> board;
    {
        const std::scoped_lock lock(mutex_);
        board = http_backends_;
    }
    std::vector<admin::BackendStatus> all;
    if (board == nullptr) {
        return all;
    }
    for (const auto& server : board->servers()) {
        const http::BackendCounters& counted = server->counters();
        all.push_back(
            {server->name(),
             server->health().up(),
             server->active(),
             counted.requests,
             counted.failures,
             counted.retries,
             counted.queue_waits,
             static_cast<double>(counted.busy_microseconds.load()) * 1e-6}
        );
    }
    return all;
}

void Front::publish_ftp(
    const std::shared_ptr<const config::Settings>& settings,
    const ListenerContexts& contexts,
    const std::shared_ptr<const net::Balancers>& balancers
) {
    const auto& range = settings->ftp.data.passive_ports;
    if (passive_ports_ == nullptr || range != passive_range_) {
        passive_ports_ = std::make_shared<net::PortRange>(range);
        passive_range_ = range;
    }
    const auto& failures = settings->ftp.login.failures_per_address;
    if (logins_ == nullptr || failures != logins_->rate()) {
        logins_ = std::make_shared<ftp::LoginThrottle>(failures);
    }
    const auto snapshot = std::make_shared<const ftp::Snapshot>(ftp::Snapshot{
        settings,
        contexts,
        passive_ports_,
        logins_,
        balancers,
        ftp_handshakes_,
        ftp_data_handshakes_});
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i]->post([&worker = *workers_[i], present = present_[i], snapshot] {
            present->ftp =
                std::make_shared<ftp::Service>(worker.context(), snapshot, present->ftp_traffic);
        });
    }
}

void Front::publish_http(const std::shared_ptr<const http::Snapshot>& snapshot) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i]->post([&worker = *workers_[i], present = present_[i], snapshot] {
            present->http =
                std::make_shared<http::Service>(worker.context(), snapshot, present->http_traffic);
        });
    }
}

certs::Loaded<void> Front::listen(std::vector<Listener>& listeners) {
    for (auto& listener : listeners) {
        for (auto& acceptor : listener.acceptors) {
            error_code ec;
            acceptor.listen(net::asio::socket_base::max_listen_connections, ec);
            if (!ec) {
                acceptor.non_blocking(true, ec);
            }
            if (ec) {
                return certs::Failure{
                    ec, "cannot listen on " + to_string(listener.endpoint) + ": " + ec.message()};
            }
        }
    }
    return {};
}

void Front::start_accepting(std::vector<Listener>& listeners) {
    for (auto& listener : listeners) {
        for (std::size_t i = 0; i < workers_.size(); ++i) {
            Worker& worker = *workers_[i];
            worker.post([&worker,
                         acceptor = std::move(listener.acceptors[i]),
                         serve = serve(listener.kind, listener.index, present_[i])]() mutable {
                worker.accept(std::move(acceptor), std::move(serve));
            });
        }
        listener.acceptors.clear();
    }
}

Serve Front::serve(Kind kind, std::size_t index, const std::shared_ptr<Present>& present) {
    switch (kind) {
        case Kind::ftps:
            return [present, index](net::Accepted accepted) {
                return serve_ftp(present->ftp, std::move(accepted), index);
            };
        case Kind::https:
            return [present, index](net::Accepted accepted) {
                return serve_https(present->http, std::move(accepted), index);
            };
        case Kind::redirect:
            break;
    }
    return [present](net::Accepted accepted) {
        return serve_redirect(present->http, std::move(accepted));
    };
}

}  // namespace hsmfront::runtime
