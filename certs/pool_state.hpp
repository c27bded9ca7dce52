// PoolState: what keys, signers and the supervisor of one token share.
#pragma once

#include "certs/errc.hpp"
#include "certs/hsm.hpp"
#include "certs/sign_queue.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace hsmfront::certs {

/// Any thread. A generation is one connection to the token; reports about an older one than the
/// present are ignored, since its loss has been dealt with.
class PoolState {
  public:
    using State = HsmStatus::State;

    struct Counters {
        std::atomic<std::uint64_t> signatures = 0;
        std::atomic<std::uint64_t> failures = 0;
        std::atomic<std::uint64_t> refused = 0;
        std::atomic<std::size_t> signers = 0;
        std::atomic<std::size_t> wedged = 0;
        /// Calls in the token that took longer than sign_timeout, since one last succeeded.
        std::atomic<std::size_t> misses_in_a_row = 0;
    };

    explicit PoolState(std::size_t queue_limit) : queue(queue_limit) {
        queue.refuse(make_error_code(Errc::token_unavailable));
    }

    SignQueue queue;
    Counters counters;

    [[nodiscard]] State state() const noexcept { return state_.load(); }
    [[nodiscard]] std::size_t generation() const noexcept { return generation_.load(); }
    [[nodiscard]] HsmStatus status() const;

    /// Queues a job, or counts and returns its refusal.
    [[nodiscard]] Result<void> submit(SignTask task);

    /// The token of `generation` is gone, because of `reason`: jobs are refused, the supervisor
    /// takes over.
    void lost(std::size_t generation, const error_code& reason);

    /// The token refused the PIN: jobs are refused until an operator acts.
    void pin_refused(const error_code& reason);

    /// A new generation serves; the queue opens. Only out of `recovering`.
    void up(std::size_t generation);

    /// For good: jobs are refused with Errc::stopped.
    void stop();

    /// Supervisor: waits for the state to leave `expected`, at most until `time`.
    void wait_while(State expected, SignJob::Clock::time_point time);

    [[nodiscard]] error_code loss_reason() const;

  private:
    /// With the mutex held: refuses jobs and tells the supervisor.
    void leave_service(State next, const error_code& reason, error_code refusal);

    std::atomic<State> state_ = State::recovering;
    std::atomic<std::size_t> generation_ = 0;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    error_code reason_;
};

}  // namespace hsmfront::certs
