#include "certs/pool_state.hpp"

#include <spdlog/spdlog.h>

namespace hsmfront::certs {

HsmStatus PoolState::status() const {
    HsmStatus status;
    status.state = state();
    status.generation = generation();
    status.queued = queue.size();
    status.signers = counters.signers;
    status.wedged = counters.wedged;
    status.signatures = counters.signatures;
    status.failures = counters.failures;
    status.refused = counters.refused;
    return status;
}

Result<void> PoolState::submit(SignTask task) {
    auto queued = queue.push(std::move(task));
    if (!queued) {
        ++counters.refused;
    }
    return queued;
}

void PoolState::lost(std::size_t generation, const error_code& reason) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::up || generation_ != generation) {
        return;
    }
    spdlog::warn(
        "HSM lost ({}): new full handshakes are refused until it is back", reason.message()
    );
    leave_service(State::recovering, reason, Errc::token_unavailable);
}

void PoolState::pin_refused(const error_code& reason) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::stopped || state_ == State::refused_pin) {
        return;
    }
    spdlog::error(
        "HSM refused the PIN at a new login ({}): it is not sent again; correct hsm.pin and "
        "restart",
        reason.message()
    );
    leave_service(State::refused_pin, reason, Errc::token_unavailable);
}

void PoolState::up(std::size_t generation) {
    const std::lock_guard lock(mutex_);
    if (state_ != State::recovering) {
        return;  // stopped, or its PIN refused to a signer of the last generation, meanwhile
    }
    state_ = State::up;
    generation_ = generation;
    counters.misses_in_a_row = 0;
    queue.accept();
}

void PoolState::stop() {
    const std::lock_guard lock(mutex_);
    leave_service(State::stopped, Errc::stopped, Errc::stopped);
}

void PoolState::leave_service(State next, const error_code& reason, error_code refusal) {
    state_ = next;
    reason_ = reason;
    queue.refuse(refusal);
    changed_.notify_all();
}

void PoolState::wait_while(State expected, SignJob::Clock::time_point time) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, time, [this, expected] { return state_ != expected; });
}

error_code PoolState::loss_reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
}

}  // namespace hsmfront::certs
