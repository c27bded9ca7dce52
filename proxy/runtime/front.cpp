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
        http_backends_ = std::make_shared<http::BackendBoard>(settings->http, http_backends_.get());
        publish_http(std::make_shared<const http::Snapshot>(http::Snapshot{
            settings, contexts, http_backends_, access_log(), http_handshakes_}));
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
            present->ftp = std::make_shared<ftp::Service>(worker.context(), snapshot);
        });
    }
}

void Front::publish_http(const std::shared_ptr<const http::Snapshot>& snapshot) {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i]->post([&worker = *workers_[i], present = present_[i], snapshot] {
            present->http = std::make_shared<http::Service>(worker.context(), snapshot);
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
