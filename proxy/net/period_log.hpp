// PeriodLog: says how often something happened, once a period, however often it happens.
#pragma once

#include "proxy/net/executor.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>

namespace hsmfront::net {

/// The first time is told at once; what follows within the period together with the first after it.
/// Thread-safe.
class PeriodLog {
  public:
    static constexpr std::chrono::seconds period{60};

    /// It has happened. Returns how often that is to be told of now, 0: not yet.
    [[nodiscard]] std::uint64_t note(Clock::time_point now = Clock::now()) noexcept {
        pending_.fetch_add(1);
        Clock::rep due = due_.load();
        const Clock::rep present = now.time_since_epoch().count();
        const Clock::rep next = (now + period).time_since_epoch().count();
        if (present < due || !due_.compare_exchange_strong(due, next)) {
            return 0;
        }
        return pending_.exchange(0);
    }

  private:
    std::atomic<std::uint64_t> pending_ = 0;
    std::atomic<Clock::rep> due_ = std::numeric_limits<Clock::rep>::min();
};

}  // namespace hsmfront::net
