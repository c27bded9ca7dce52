// SignQueue: signatures waiting for a signer thread. Bounded; first in, first out.
#pragma once

#include "certs/remote_key.hpp"
#include "certs/token_key.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace hsmfront::certs {

struct SignTask {
    std::shared_ptr<SignJob> job;
    std::shared_ptr<const TokenKey> key;
};

/// Any thread. Jobs are finished outside the lock, since their wake-ups may be anything.
class SignQueue {
  public:
    using Clock = SignJob::Clock;

    explicit SignQueue(std::size_t limit) : limit_(limit) {}

    /// Errc: queue_full; the error given to `refuse` while it is refusing.
    [[nodiscard]] Result<void> push(SignTask task);

    /// The oldest task still wanted; expired ones are finished with Errc::timed_out, cancelled ones
    /// dropped. Waits until there is one; none once `leave` is set (then call `wake`).
    [[nodiscard]] std::optional<SignTask> pop(const std::atomic<bool>& leave);

    /// Wakes all waiting `pop`s to look at their `leave`.
    void wake();

    /// From now on `push` fails with `reason`, and what waits is finished with it.
    void refuse(error_code reason);
    void accept();

    /// Finishes what expired and drops what was cancelled. Returns how many expired.
    std::size_t sweep(Clock::time_point now);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] bool full() const { return size() >= limit_; }

  private:
    const std::size_t limit_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<SignTask> tasks_;
    error_code refusal_;
};

}  // namespace hsmfront::certs
