// Round robin and least connections, both weighted by the share of servers that come back slowly.
#include "proxy/http/backend_group.hpp"

#include <algorithm>

namespace hsmfront::http {

BackendGroup::BackendGroup(
    net::Executor executor,
    const config::Http& settings,
    const config::HttpBackends& key,
    std::vector<Member> members,
    std::size_t start
)
    : executor_(executor), settings_(settings), key_(key), members_(std::move(members)) {
    members_[start % members_.size()].credit = 0.5;
}

double BackendGroup::share(Member& member, net::Clock::time_point now) const {
    return member.server.health().share(settings_.health, now);
}

/// Smooth weighted round robin, as nginx does it: turns are spread evenly even with odd shares.
BackendGroup::Member& BackendGroup::pick(const Members& candidates, net::Clock::time_point now) {
    const bool least = key_.balance == config::Balance::least_connections;
    const Members equals = least ? least_busy(candidates, now) : candidates;
    double total = 0;
    for (Member* member : equals) {
        const double earned = share(*member, now);
        member->credit += earned;
        total += earned;
    }
    Member& chosen = **std::max_element(equals.begin(), equals.end(), [](auto* a, auto* b) {
        return a->credit < b->credit;
    });
    chosen.credit -= total;
    return chosen;
}

BackendGroup::Members BackendGroup::least_busy(
    const Members& candidates, net::Clock::time_point now
) const {
    Members least;
    double lowest = 0;
    for (Member* member : candidates) {
        const auto requests = static_cast<double>(member->server.active() + 1);
        const double load = requests / share(*member, now);
        if (least.empty() || load < lowest) {
            least.clear();
            lowest = load;
        }
        if (load <= lowest) {
            least.push_back(member);
        }
    }
    return least;
}

}  // namespace hsmfront::http
