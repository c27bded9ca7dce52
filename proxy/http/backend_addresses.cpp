// Names of backends: resolved beside the requests, by one coroutine for each name.
#include "proxy/http/backend_addresses.hpp"

#include "proxy/log/component.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/net/task_group.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::http {

namespace {

using net::milliseconds;

/// While a name has never been resolved.
constexpr milliseconds impatience{1'000};

net::Task<Result<BackendAddresses::List>> resolve(
    net::Executor executor, config::Endpoint endpoint
) {
    net::Lookup lookup(executor, std::move(endpoint));
    auto answer = co_await lookup.run();
    co_return answer;
}

milliseconds left(net::Clock::time_point due) {
    return std::chrono::ceil<milliseconds>(due - net::Clock::now());
}

}  // namespace

void BackendWait::interrupt(error_code reason) noexcept {
    if (!interrupted_) {
        interrupted_ = reason;
    }
    wake_->notify();
    connector_.interrupt(reason);
}

struct BackendAddresses::State {
    State(net::Executor where, config::Endpoint who, milliseconds how_long, Lookup how)
        : executor(where), endpoint(std::move(who)), lifetime(how_long), lookup(std::move(how)) {}

    void learn(Result<List> answer);

    net::Executor executor;
    config::Endpoint endpoint;
    milliseconds lifetime;
    Lookup lookup;
    net::Event ends;
    List list;         ///< the last good answer
    error_code error;  ///< of the last lookup, while there was no good one
    std::vector<std::shared_ptr<net::Event>> waiting;  ///< for the first answer
    bool failing = false;
    bool ended = false;
};

void BackendAddresses::State::learn(Result<List> answer) {
    if (answer && !answer->empty()) {
        // The one in use keeps its place: an order that changes with each answer moves nobody.
        const auto used =
            list.empty() ? answer->end() : std::find(answer->begin(), answer->end(), list.front());
        if (used != answer->end()) {
            std::rotate(answer->begin(), used, used + 1);
        }
        list = std::move(*answer);
        if (std::exchange(failing, false)) {
            log::http.info("backend {}: its name resolves again", endpoint.address);
        }
    } else {
        error = answer ? net::asio::error::host_not_found : answer.error();
        if (!std::exchange(failing, true)) {
            const bool kept = !list.empty();
            log::http.warn(
                "backend {}: {}{}",
                endpoint.address,
                error.message(),
                kept ? "; its last known addresses are kept" : ""
            );
        }
    }
    for (const auto& event : waiting) {
        event->notify();
    }
    waiting.clear();
}

BackendAddresses::BackendAddresses(
    net::Executor executor, config::Endpoint endpoint, milliseconds lifetime, Lookup lookup
)
    : state_(std::make_shared<State>(
          executor, std::move(endpoint), lifetime, lookup ? std::move(lookup) : Lookup(resolve)
      )) {
    error_code ec;
    const auto literal = net::asio::ip::make_address(state_->endpoint.address, ec);
    if (!ec) {
        state_->list = {net::tcp::endpoint(literal, state_->endpoint.port)};
    } else {
        net::spawn(executor, keep_resolving(state_), net::LogException{"backend resolver"});
    }
}

BackendAddresses::~BackendAddresses() {
    state_->ended = true;
    state_->ends.notify();
}

net::Task<void> BackendAddresses::keep_resolving(std::shared_ptr<State> state) {
    while (!state->ended) {
        Result<List> answer = co_await state->lookup(state->executor, state->endpoint);
        if (state->ended) {
            break;
        }
        state->learn(std::move(answer));
        co_await state->ends.wait_for(
            state->list.empty() ? std::min(state->lifetime, impatience) : state->lifetime
        );
    }
}

net::Task<Result<BackendAddresses::List>> BackendAddresses::get(
    BackendWait& wait, milliseconds limit
) {
    const std::shared_ptr<State> state = state_;
    const auto due = net::Clock::now() + limit;
    while (state->list.empty() && !state->error) {
        if (left(due).count() <= 0) {
            co_return net::Errc::timed_out;
        }
        state->waiting.push_back(wait.wake());
        co_await wait.wake()->wait_for(left(due));
        std::erase(state->waiting, wait.wake());
        if (wait.interrupted()) {
            co_return wait.interrupted();
        }
    }
    if (state->list.empty()) {
        co_return state->error;
    }
    co_return state->list;
}

bool BackendAddresses::contains(const net::tcp::endpoint& address) const {
    return std::find(state_->list.begin(), state_->list.end(), address) != state_->list.end();
}

void BackendAddresses::prefer(const net::tcp::endpoint& address) {
    const auto found = std::find(state_->list.begin(), state_->list.end(), address);
    if (found != state_->list.end()) {
        std::rotate(state_->list.begin(), found, found + 1);
    }
}

net::Task<Result<net::Socket>> connect(
    std::shared_ptr<BackendAddresses> addresses, BackendWait& wait, milliseconds limit
) {
    const auto due = net::Clock::now() + limit;
    const Result<BackendAddresses::List> list = co_await addresses->get(wait, limit);
    if (!list) {
        co_return list.error();
    }
    error_code error = net::Errc::timed_out;
    for (std::size_t i = 0; i < list->size() && !wait.interrupted(); ++i) {
        const milliseconds part = left(due) / static_cast<long>(list->size() - i);
        if (part.count() <= 0) {
            break;
        }
        Result<net::Socket> socket = co_await wait.connector().connect((*list)[i], part);
        if (socket) {
            addresses->prefer((*list)[i]);
            co_return std::move(*socket);
        }
        error = socket.error();
    }
    co_return wait.interrupted() ? wait.interrupted() : error;
}

}  // namespace hsmfront::http
