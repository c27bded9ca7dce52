// From a request to a connection: turn, place, wait, connect, next server.
#include "proxy/http/backend_search.hpp"

#include "proxy/net/errc.hpp"

#include <algorithm>
#include <functional>

namespace hsmfront::http {

namespace {

using Members = BackendGroup::Members;
using net::Clock;

/// Not the server's fault.
bool is_ours(const error_code& error) {
    namespace sys = boost::system::errc;
    return error == sys::too_many_files_open || error == sys::too_many_files_open_in_system ||
           error == sys::no_buffer_space || error == sys::not_enough_memory ||
           error == sys::address_not_available;
}

}  // namespace

BackendSearch::BackendSearch(Destination destination)
    : group_(destination.group),
      preamble_(destination.preamble),
      wait_(group_.executor()),
      tried_(group_.members().size(), Tried::no) {}

std::string_view BackendSearch::server() const noexcept {
    return member_ == nullptr ? std::string_view() : member_->server.name();
}

BackendSearch::Tried& BackendSearch::tried(const Member& member) {
    return tried_[static_cast<std::size_t>(&member - group_.members().data())];
}

net::Task<BackendSearch::Connected> BackendSearch::next(Kind kind) {
    for (Tried& state : tried_) {
        state = state == Tried::no ? Tried::no : Tried::before;
    }
    error_code error = BackendErrc::all_down;
    while (true) {
        Result<BackendUse> use = co_await reserve();
        if (wait_.interrupted()) {
            co_return wait_.interrupted();
        }
        if (!use) {
            co_return use.error() == BackendErrc::all_down ? error : use.error();
        }
        tried(*member_) = Tried::now;
        Connected connection = co_await open(kind, std::move(*use));
        if (connection || wait_.interrupted()) {
            co_return connection;
        }
        error = connection.error();
    }
}

/// `use` ends if there is no connection.
net::Task<BackendSearch::Connected> BackendSearch::open(Kind kind, BackendUse use) {
    Connected connection = co_await idle_or_new(kind);
    if (wait_.interrupted()) {
        co_return wait_.interrupted();
    }
    if (!connection) {
        if (!is_ours(connection.error())) {
            use.failed(connection.error().message());
        }
        co_return connection.error();
    }
    BackendCounters& counters = member_->server.counters();
    counters.requests.fetch_add(1, std::memory_order_relaxed);
    counters.retries.fetch_add(again_ ? 1 : 0, std::memory_order_relaxed);
    again_ = true;
    (*connection)->use = std::move(use);
    co_return connection;
}

net::Task<BackendSearch::Connected> BackendSearch::idle_or_new(Kind kind) {
    BackendPool& pool = member_->pool;
    if (kind != Kind::fresh && preamble_.empty()) {
        using Look = BackendPool::Look;
        std::unique_ptr<BackendConnection> idle =
            pool.take(kind == Kind::quick ? Look::quick : Look::thorough);
        if (idle != nullptr) {
            co_return idle;
        }
    }
    Connected made = co_await pool.connect(wait_, preamble_);
    co_return made;
}

void BackendSearch::finish(std::unique_ptr<BackendConnection> connection, Outcome outcome) {
    BackendUse& use = connection->use;
    const bool whole = outcome == Outcome::reusable || outcome == Outcome::used_up;
    if (whole) {
        use.completed();
    }
    // A kept connection may end just when it is used again; that alone is no fault of the server.
    const bool stale = connection->reused && !use.has_answered();
    if (outcome == Outcome::failed && !stale) {
        use.failed("no valid response");
    }
    if (outcome == Outcome::reusable && preamble_.empty()) {
        member_->pool.give_back(std::move(connection));
    } else if (!whole) {
        connection->stream.reset();
    }
}

net::Task<Result<BackendUse>> BackendSearch::reserve() {
    const std::size_t max = group_.settings().connections.max;
    while (true) {
        const Choice choice = choose(Clock::now());
        if (choice.members.empty()) {
            co_return BackendErrc::all_down;
        }
        // Who waits already comes first.
        if (max == 0 || !choice.members.front()->server.queue().waiting()) {
            std::optional<BackendUse> use = take_free(choice);
            if (use) {
                co_return std::move(*use);
            }
        }
        if (max != 0) {
            Result<BackendUse> use = co_await stand_in_queue(choice.members);
            if (!use || admits(choice, *use)) {
                co_return use;
            }
        }
    }
}

/// Those that may be asked now and were not yet by this call, untried ones before others.
BackendSearch::Choice BackendSearch::choose(Clock::time_point now) {
    Members open;
    for (Member& member : group_.members()) {
        BackendHealth& health = member.server.health();
        const bool usable = health.up() || health.trial_due(group_.settings().health, now);
        if (usable && tried(member) != Tried::now) {
            open.push_back(&member);
        }
    }
    return open.empty() ? Choice{longest_down(), true} : Choice{least_tried(std::move(open))};
}

Members BackendSearch::least_tried(Members members) {
    const auto untried = [&](Member* member) { return tried(*member) == Tried::no; };
    if (std::any_of(members.begin(), members.end(), untried)) {
        std::erase_if(members, std::not_fn(untried));
    }
    return members;
}

Members BackendSearch::longest_down() {
    Member* longest = nullptr;
    for (Member& member : group_.members()) {
        BackendHealth& health = member.server.health();
        if (tried(member) == Tried::now || health.checked()) {
            continue;
        }
        if (longest == nullptr || health.since() < longest->server.health().since()) {
            longest = &member;
        }
    }
    return longest == nullptr ? Members() : Members{longest};
}

std::optional<BackendUse> BackendSearch::take_free(const Choice& choice) {
    const config::Http& settings = group_.settings();
    const std::size_t max = settings.connections.max;
    Members free;
    std::copy_if(
        choice.members.begin(),
        choice.members.end(),
        std::back_inserter(free),
        [max](const Member* member) { return max == 0 || member->server.active() < max; }
    );
    while (!free.empty()) {
        Member& member = group_.pick(free, Clock::now());
        if (member.server.take(max)) {
            BackendUse use(member.server, settings.health);
            member_ = &member;
            if (admits(choice, use)) {
                return use;
            }
        }
        free.erase(std::find(free.begin(), free.end(), &member));
    }
    return std::nullopt;
}

net::Task<Result<BackendUse>> BackendSearch::stand_in_queue(const Members& among) {
    const config::HttpConnections& connections = group_.settings().connections;
    BackendQueue& queue = among.front()->server.queue();
    BackendQueue::Waiter waiter(queue, group_.executor(), wait_.wake());
    waiter.group = &group_.key();
    waiter.max = connections.max;
    for (const Member* member : among) {
        waiter.servers.push_back(&member->server);
    }
    if (!queue.join(waiter, connections.queue)) {
        co_return BackendErrc::queue_full;
    }
    const bool waits = !waiter.granted();
    queued_until_ = queued_until_.value_or(Clock::now() + connections.queue_timeout);
    while (!waiter.granted() && !wait_.interrupted() && Clock::now() < *queued_until_) {
        co_await wait_.wake()->wait_for(
            std::chrono::ceil<net::milliseconds>(*queued_until_ - Clock::now())
        );
    }
    BackendServer* server = waiter.leave();
    if (server == nullptr) {
        co_return wait_.interrupted() ? wait_.interrupted() : BackendErrc::queue_timeout;
    }
    server->counters().queue_waits.fetch_add(waits ? 1 : 0, std::memory_order_relaxed);
    member_ = *std::find_if(among.begin(), among.end(), [server](const Member* member) {
        return &member->server == server;
    });
    co_return BackendUse(*server, group_.settings().health);
}

/// A server that is down takes one request to try it, or any as a last resort.
bool BackendSearch::admits(const Choice& choice, BackendUse& use) {
    return choice.last_resort || member_->server.health().up() || use.begin_trial();
}

}  // namespace hsmfront::http
