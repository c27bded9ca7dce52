// What a worker holds of the backends: pools, groups and, on one worker, the checks.
#include "proxy/http/backend_set.hpp"

#include <algorithm>
#include <cassert>

namespace hsmfront::http {

BackendSet::BackendSet(
    net::WorkerContext& worker,
    const config::Http& settings,
    std::shared_ptr<BackendBoard> board,
    BackendAddresses::Lookup lookup
)
    : settings_(settings), board_(std::move(board)) {
    add_servers(worker, lookup);
    add_groups(worker.executor);
    if (!settings_.health.path.empty() && board_->claim_checks()) {
        begin_checks(worker);
    }
}

void BackendSet::add_servers(net::WorkerContext& worker, const BackendAddresses::Lookup& lookup) {
    BackendPool::Limits limits;
    limits.idle = settings_.connections.idle;
    limits.idle_time = settings_.connections.idle_time;
    for (const auto& server : board_->servers()) {
        auto addresses = std::make_shared<BackendAddresses>(
            worker.executor, server->endpoint(), settings_.resolve, lookup
        );
        auto pool = std::make_unique<BackendPool>(
            worker, addresses, settings_.timeouts.backend_connect, limits
        );
        servers_.emplace(server.get(), Server{std::move(addresses), std::move(pool)});
    }
}

void BackendSet::add_groups(net::Executor executor) {
    const std::size_t start = board_->next_start();
    for (const config::HttpBackends& backends : board_->groups()) {
        std::vector<BackendGroup::Member> members;
        for (const config::Endpoint& endpoint : backends.servers) {
            BackendServer& server = *board_->find(endpoint);
            members.push_back({server, *servers_.at(&server).pool});
        }
        groups_.push_back(
            std::make_unique<BackendGroup>(executor, settings_, backends, std::move(members), start)
        );
    }
}

void BackendSet::begin_checks(net::WorkerContext& worker) {
    std::vector<BackendChecks::Target> targets;
    for (const auto& server : board_->servers()) {
        targets.push_back({server, servers_.at(server.get()).addresses});
    }
    checks_ = std::make_unique<BackendChecks>(worker, settings_.health, board_, targets);
}

BackendGroup& BackendSet::group(const config::HttpBackends& backends) {
    const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const auto& group) {
        return group->key() == backends;
    });
    assert(found != groups_.end());
    return **found;
}

std::size_t BackendSet::idle() const noexcept {
    std::size_t count = 0;
    for (const auto& [server, mine] : servers_) {
        count += mine.pool->idle();
    }
    return count;
}

}  // namespace hsmfront::http
