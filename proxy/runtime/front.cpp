#include "proxy/runtime/front.hpp"

#include "proxy/http/backend_board.hpp"
#include "proxy/runtime/listeners.hpp"
#include "proxy/runtime/log.hpp"

#include <algorithm>

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

/// The protocol was switched off before the client was known.
net::Task<void> turn_away(net::Accepted accepted) {
    error_code ignored;
    accepted.socket.set_option(net::asio::socket_base::linger(true, 0), ignored);
    co_return;
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

Front::Listeners Front::listeners_of(const config::Settings& settings, Protocol protocol) {
    Listeners listeners;
    const auto add = [&listeners](Kind kind, std::size_t index, const config::Endpoint& endpoint) {
        listeners.push_back({kind, index, endpoint, 0, {}});
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
    auto listeners = bind_more(settings, protocol);
    if (!listeners) {
        return listeners.error();
    }
    listeners_[protocol] = std::move(*listeners);
    return {};
}

certs::Loaded<Front::Listeners> Front::bind_more(
    const config::Settings& settings, Protocol protocol
) {
    const auto now = listeners_.find(protocol);
    auto next = listeners_of(settings, protocol);
    for (auto& listener : next) {
        if (now != listeners_.end()) {
            for (const auto& one : now->second) {
                if (one.kind == listener.kind && one.endpoint == listener.endpoint) {
                    listener.id = one.id;
                }
            }
        }
        if (listener.id != 0) {
            continue;
        }
        auto acceptors = acceptors_for(listener.endpoint);
        if (!acceptors) {
            return acceptors.error();
        }
        listener.id = ++last_id_;
        listener.acceptors = std::move(*acceptors);
    }
    return next;
}

certs::Loaded<std::vector<net::Acceptor>> Front::acceptors_for(const config::Endpoint& endpoint) {
    std::vector<net::Executor> executors;
    for (const auto& worker : workers_) {
        executors.push_back(worker->executor());
    }
    if (const auto address = native(endpoint)) {
        if (auto sockets = inherited_.take(*address); !sockets.empty()) {
            return adopt_listener(endpoint, executors, std::move(sockets));
        }
    }
    return bind_listener(endpoint, executors);
}

void Front::rebind(Protocol protocol, Listeners next) {
    for (auto& old : listeners_[protocol]) {
        const auto kept = std::find_if(next.begin(), next.end(), [&old](const Listener& one) {
            return one.id == old.id;
        });
        if (kept != next.end()) {
            kept->acceptors = std::move(old.acceptors);
            continue;
        }
        for (const auto& worker : workers_) {
            worker->post([&worker = *worker, id = old.id] { worker.stop_accepting(id); });
        }
    }
    listeners_[protocol] = std::move(next);
}

void Front::close(Protocol protocol) {
    rebind(protocol, {});
    listeners_.erase(protocol);
    published_.erase(protocol);
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        // After what rebind() posted: what was in the kernel's queue has its service by then.
        workers_[i]->post([present = present_[i], protocol] {
            if (protocol == Protocol::ftp) {
                present->ftp.reset();
            } else {
                present->http.reset();
            }
        });
    }
    if (protocol == Protocol::http) {
        const std::scoped_lock lock(mutex_);
        if (http_backends_ != nullptr) {
            http_backends_->retire();
        }
        http_backends_.reset();
    }
}

certs::Loaded<void> Front::publish(
    Protocol protocol,
    const std::shared_ptr<const config::Settings>& settings,
    const ListenerContexts& contexts
) {
    auto& listeners = listeners_.at(protocol);
    if (auto listening = listen(listeners); !listening) {
        return listening;
    }
    const auto balancers = balancers_of(settings->proxy_protocol);
    for (const auto& worker : workers_) {
        worker->post([&worker = *worker, balancers] { worker.set_balancers(balancers); });
    }
    if (protocol == Protocol::ftp) {
        publish_ftp(listeners, settings, contexts, balancers);
    } else {
        auto board = std::make_shared<http::BackendBoard>(settings->http, http_backends_.get());
        publish_http(
            listeners,
            std::make_shared<const http::Snapshot>(http::Snapshot{
                settings, contexts, board, access_log(), http_handshakes_})
        );
        const std::scoped_lock lock(mutex_);
        http_backends_ = std::move(board);
    }
    published_.insert(protocol);
    if (!held_) {
        start_accepting(listeners);
    }
    return {};
}

template <class Update>
void Front::update(const Listeners& listeners, const Update& services) {
    std::map<std::uint64_t, std::size_t> index;
    for (const auto& listener : listeners) {
        index[listener.id] = listener.index;
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i]->post([&worker = *workers_[i], present = present_[i], services, index] {
            services(worker, *present);
            for (const auto& [id, place] : index) {
                present->index[id] = place;
            }
        });
    }
}

void Front::publish_ftp(
    const Listeners& listeners,
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
    update(listeners, [snapshot](Worker& worker, Present& present) {
        present.ftp =
            std::make_shared<ftp::Service>(worker.context(), snapshot, present.ftp_traffic);
    });
}

void Front::publish_http(
    const Listeners& listeners, const std::shared_ptr<const http::Snapshot>& snapshot
) {
    update(listeners, [snapshot](Worker& worker, Present& present) {
        present.http =
            std::make_shared<http::Service>(worker.context(), snapshot, present.http_traffic);
    });
}

certs::Loaded<void> Front::listen(Listeners& listeners) {
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

void Front::start_accepting(Listeners& listeners) {
    for (auto& listener : listeners) {
        for (std::size_t i = 0; i < listener.acceptors.size(); ++i) {
            const std::size_t place = i % workers_.size();
            Worker& worker = *workers_[place];
            worker.post([&worker,
                         id = listener.id,
                         acceptor = std::move(listener.acceptors[i]),
                         serve = serve(listener.kind, listener.id, present_[place])]() mutable {
                worker.accept(id, std::move(acceptor), std::move(serve));
            });
        }
        listener.acceptors.clear();
    }
}

Serve Front::serve(Kind kind, std::uint64_t id, const std::shared_ptr<Present>& present) {
    switch (kind) {
        case Kind::ftps:
            return [present, id](net::Accepted accepted) {
                if (present->ftp == nullptr) {
                    return turn_away(std::move(accepted));
                }
                return serve_ftp(present->ftp, std::move(accepted), present->index.at(id));
            };
        case Kind::https:
            return [present, id](net::Accepted accepted) {
                if (present->http == nullptr) {
                    return turn_away(std::move(accepted));
                }
                return serve_https(present->http, std::move(accepted), present->index.at(id));
            };
        case Kind::redirect:
            break;
    }
    return [present](net::Accepted accepted) {
        if (present->http == nullptr) {
            return turn_away(std::move(accepted));
        }
        return serve_redirect(present->http, std::move(accepted));
    };
}

}  // namespace hsmfront::runtime
