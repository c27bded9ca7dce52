// SignQueue: signatures waiting for a signer thread. Bounded; first in, first out.
#pragma once

#include "certs/key_stats.hpp"
#include "certs/remote_key.hpp"
#include "certs/token_key.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace hsmfront::certs {

class KeyRoute;

/// A job at one token.
struct SignTask {
    std::shared_ptr<SignJob> job;
    std::shared_ptr<const TokenKey> key;
    std::shared_ptr<KeyRoute> route;  ///< where else it may go; empty for a test signature, which
                                      ///< no client waits for and no counter counts
    std::shared_ptr<KeyStats> stats;  ///< empty as `route` is
    std::size_t place = 0;            ///< the token's in the route
    std::uint64_t tried = 0;          ///< bit by place: tokens that had it
    SignJob::Clock::time_point queued{};

    [[nodiscard]] bool wanted() const { return !job->cancelled() && !job->done(); }

    /// Fails the job and counts it with its alias. Not for one that is passed on.
    void fail(const error_code& counted, const error_code& answer) const;
};

/// Any thread. Jobs are finished outside the lock, since their wake-ups may be anything.
class SignQueue {
  public:
    using Clock = SignJob::Clock;

    explicit SignQueue(std::size_t limit) : limit_(limit) {}

    /// Takes `task` over if it succeeds. Errc: queue_full; the error given to `refuse` while it is
    /// refusing.
    [[nodiscard]] Result<void> push(SignTask& task);

    /// The oldest task still wanted; expired ones are finished with Errc::timed_out, cancelled ones
    /// dropped. Waits until there is one; none once `leave` is set (then call `wake`).
    [[nodiscard]] std::optional<SignTask> pop(const std::atomic<bool>& leave);

    /// Wakes all waiting `pop`s to look at their `leave`.
    void wake();

    /// From now on `push` fails with `reason`; what waited is handed out.
    [[nodiscard]] std::deque<SignTask> refuse(error_code reason);
    void accept();

    /// Finishes what expired and drops what nobody waits for any more.
    void sweep(Clock::time_point now);

    /// Takes out what has waited since before `time`, to be put elsewhere, or back.
    [[nodiscard]] std::deque<SignTask> take_older(Clock::time_point time);
    /// In front again, whatever the limit; false while refusing.
    [[nodiscard]] bool put_back(SignTask task);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool full() const { return size() >= limit_; }

    /// How many expired here so far.
    [[nodiscard]] std::uint64_t expired() const noexcept { return expired_.load(); }

  private:
    void expire(const SignTask& task);

    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<SignTask> tasks_;
    error_code refusal_;
    std::atomic<std::uint64_t> expired_ = 0;
};

}  // namespace hsmfront::certs
