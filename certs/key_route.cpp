#include "certs/key_route.hpp"

#include <algorithm>

namespace hsmfront::certs {
namespace {

std::uint64_t bit(std::size_t place) { return std::uint64_t{1} << (place % 64); }

bool can(const SignPlan& plan, Padding padding) {
    switch (padding) {
        case Padding::pss:
            return plan.pss != PssWay::none;
        case Padding::pkcs1:
            return plan.pkcs1;
        case Padding::none:
            break;
    }
    return true;
}

}  // namespace

KeyRoute::KeyRoute(
    std::vector<std::shared_ptr<PoolState>> tokens,
    std::size_t place,
    std::shared_ptr<const TokenKey> first
)
    : first_(std::move(first)) {
    for (auto& token : tokens) {
        places_.push_back({std::move(token), nullptr});
    }
    set_key(place, first_);
}

std::shared_ptr<const TokenKey> KeyRoute::key_at(std::size_t place) const {
    const std::lock_guard lock(mutex_);
    return places_.at(place).key;
}

void KeyRoute::set_key(std::size_t place, std::shared_ptr<const TokenKey> key) {
    if (key) {
        (void)places_.at(place).state->stats_of(*key);
    }
    const std::lock_guard lock(mutex_);
    places_.at(place).key = std::move(key);
}

Result<void> KeyRoute::submit(std::shared_ptr<SignJob> job) {
    SignTask task;
    task.job = std::move(job);
    task.route = shared_from_this();
    return send(task);
}

bool KeyRoute::pass_on(const SignTask& task) {
    if (!task.wanted() || SignJob::Clock::now() >= task.job->deadline) {
        return false;
    }
    SignTask next = task;
    next.tried |= bit(task.place);
    return send(next).has_value();
}

Result<void> KeyRoute::send(const SignTask& task) {
    error_code refusal = Errc::key_not_found;
    PoolState* refused_by = nullptr;
    for (std::size_t place = 0; place < places_.size(); ++place) {
        auto key = key_at(place);
        if (!key || (task.tried & bit(place)) != 0) {
            continue;
        }
        if (!can(key->plan, task.job->request.padding)) {
            refusal = refused_by == nullptr ? error_code(Errc::signature_failed) : refusal;
            continue;
        }
        PoolState& state = *places_.at(place).state;
        SignTask next = task;
        next.place = place;
        next.stats = state.stats_of(*key);
        next.key = std::move(key);
        auto queued = state.queue.push(next);
        if (queued) {
            return queued;
        }
        if (refused_by == nullptr) {
            refused_by = &state;
            refusal = queued.error();
        }
    }
    if (refused_by != nullptr && task.tried == 0) {
        ++refused_by->counters.refused;
    }
    return refusal;
}

bool KeyRoute::available() const {
    const std::lock_guard lock(mutex_);
    return std::any_of(places_.begin(), places_.end(), [](const Place& place) {
        return place.key && place.state->state() == PoolState::State::up &&
               !place.state->queue.full();
    });
}

}  // namespace hsmfront::certs
