// Turn: one thread at a time, with a limit to the waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace hsmfront::certs {

/// Unlike a std::timed_mutex known to ThreadSanitizer, and may be given back by another thread.
class Turn {
  public:
    using Clock = std::chrono::steady_clock;

    /// False when it could not be had until `time`.
    [[nodiscard]] bool take(Clock::time_point until) {
        std::unique_lock lock(mutex_);
        if (!given_.wait_until(lock, until, [this] { return !taken_; })) {
            return false;
        }
        taken_ = true;
        return true;
    }

    void give() {
        const std::lock_guard lock(mutex_);
        taken_ = false;
        given_.notify_one();
    }

  private:
    std::mutex mutex_;
    std::condition_variable given_;
    bool taken_ = false;
};

}  // namespace hsmfront::certs
