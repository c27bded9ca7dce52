// Which servers a configuration names, and what is known of them already.
#include "proxy/http/backend_board.hpp"

#include <algorithm>

namespace hsmfront::http {

BackendBoard::BackendBoard(const config::Http& settings, BackendBoard* previous)
    : queue_(previous != nullptr ? previous->queue_ : std::make_shared<BackendQueue>()) {
    add(settings.backends, previous);
    for (const config::Host& host : settings.hosts) {
        add(host.backends, previous);
    }
    for (const config::HttpRoute& route : settings.routes) {
        add(route.backends, previous);
    }
    if (previous != nullptr) {
        previous->retire();
    }
}

void BackendBoard::add(const config::HttpBackends& backends, const BackendBoard* previous) {
    const bool known = std::find(groups_.begin(), groups_.end(), backends) != groups_.end();
    if (!backends.configured() || known) {
        return;
    }
    groups_.push_back(backends);
    for (const config::Endpoint& endpoint : backends.servers) {
        if (find(endpoint) != nullptr) {
            continue;
        }
        auto kept = previous != nullptr ? previous->find(endpoint) : nullptr;
        servers_.push_back(
            kept != nullptr ? kept : std::make_shared<BackendServer>(endpoint, queue_)
        );
    }
}

std::shared_ptr<BackendServer> BackendBoard::find(const config::Endpoint& endpoint) const {
    const auto found = std::find_if(servers_.begin(), servers_.end(), [&](const auto& server) {
        return server->endpoint() == endpoint;
    });
    return found == servers_.end() ? nullptr : *found;
}

}  // namespace hsmfront::http
