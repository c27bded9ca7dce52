#include "certs/pool_state.hpp"

#include "certs/key_route.hpp"
#include "proxy/log/component.hpp"

namespace hsmfront::certs {

PoolState::PoolState(std::string label, std::size_t queue_limit)
    : queue(queue_limit), label_(std::move(label)) {
    (void)queue.refuse(make_error_code(Errc::token_unavailable));
}

std::string PoolState::label() const {
    const std::lock_guard lock(mutex_);
    return label_;
}

TokenStatus PoolState::status() const {
    TokenStatus status;
    {
        const std::lock_guard lock(mutex_);
        status.label = label_;
        status.reason = reason_;
        status.state = state();
    }
    status.generation = generation();
    status.queued = queue.size();
    status.signers = counters.signers;
    status.wedged = counters.wedged;
    status.signatures = counters.signatures;
    status.failures = counters.failures + queue.expired();
    status.refused = counters.refused;
    status.wait = counters.wait.copy();
    status.last_signature = counters.last_signature.load();
    return status;
}

std::vector<KeyStatus> PoolState::key_status() const {
    const std::lock_guard lock(mutex_);
    std::vector<KeyStatus> all;
    for (const auto& [alias, stats] : keys_) {
        all.push_back(stats->status(label_));
    }
    return all;
}

std::shared_ptr<KeyStats> PoolState::stats_of(const TokenKey& key) {
    const std::lock_guard lock(mutex_);
    auto& stats = keys_[key.alias];
    if (!stats) {
        stats = std::make_shared<KeyStats>(key.alias, key.plan.type);
    }
    return stats;
}

void PoolState::lost(std::size_t generation, const error_code& reason) {
    std::unique_lock lock(mutex_);
    if (holding_ || state_ != State::up || generation_ != generation) {
        return;
    }
    log::hsm.warn(
        "HSM token '{}' lost ({}): it gets no signatures to make until it is back",
        label_,
        reason.message()
    );
    reason_ = reason.message();
    leave_service(std::move(lock), State::recovering, Errc::token_unavailable);
}

void PoolState::pin_refused(std::size_t generation, const error_code& reason) {
    std::unique_lock lock(mutex_);
    if (holding_ || state_ != State::up || generation_ != generation) {
        return;
    }
    log::hsm.error(
        "HSM token '{}' refused the PIN at a new login ({}): it is not sent again; give the right "
        "one with 'hsmfront pin', or correct hsm.pin and reload",
        label_,
        reason.message()
    );
    reason_ = "the PIN was refused: " + reason.message();
    leave_service(std::move(lock), State::refused_pin, Errc::token_unavailable);
}

void PoolState::hold() {
    const std::lock_guard lock(mutex_);
    holding_ = true;
}

void PoolState::up(std::size_t generation, const std::string& label) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::stopped) {
        return;
    }
    state_ = State::up;
    generation_ = generation;
    label_ = label;
    reason_.clear();
    holding_ = false;
    counters.misses_in_a_row = 0;
    queue.accept();
    changed_.notify_all();
}

void PoolState::away(State next, const std::string& why) {
    std::unique_lock lock(mutex_);
    if (state_ == State::stopped) {
        return;
    }
    reason_ = why;
    holding_ = false;
    leave_service(std::move(lock), next, Errc::token_unavailable);
}

void PoolState::stop() {
    std::unique_lock lock(mutex_);
    reason_ = make_error_code(Errc::stopped).message();
    leave_service(std::move(lock), State::stopped, Errc::stopped);
}

void PoolState::leave_service(std::unique_lock<std::mutex> lock, State next, error_code refusal) {
    state_ = next;
    const auto waiting = queue.refuse(refusal);
    changed_.notify_all();
    lock.unlock();
    for (const SignTask& task : waiting) {
        if (next != State::stopped && task.route && task.route->pass_on(task)) {
            continue;
        }
        counters.failures += task.route ? 1 : 0;
        task.job->finish(refusal);
    }
}

void PoolState::poke() {
    const std::lock_guard lock(mutex_);
    poked_ = true;
    changed_.notify_all();
}

void PoolState::wait_while(State expected, Clock::time_point time) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, time, [this, expected] { return state_ != expected || poked_; });
}

}  // namespace hsmfront::certs
