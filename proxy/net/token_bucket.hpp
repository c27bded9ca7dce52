// TokenBucket: how much is left of a rate, for one peer.
#pragma once

#include "config/settings.hpp"

#include <chrono>

namespace hsmfront::net {

/// Holds `rate.count` tokens when full and fills evenly within `rate.per`. The rate is given with
/// each call: many buckets share one. A count of zero means no limit.
class TokenBucket {
  public:
    using Clock = std::chrono::steady_clock;

    TokenBucket(const config::Rate& rate, Clock::time_point now)
        : tokens_(static_cast<double>(rate.count)), filled_(now) {}

    /// Takes one; false if there is none.
    [[nodiscard]] bool take(const config::Rate& rate, Clock::time_point now);
    [[nodiscard]] bool empty(const config::Rate& rate, Clock::time_point now) const;
    /// True when it has been full for sure: nothing is lost by forgetting it.
    [[nodiscard]] bool forgettable(const config::Rate& rate, Clock::time_point now) const {
        return now - filled_ >= rate.per;
    }

  private:
    [[nodiscard]] double tokens(const config::Rate& rate, Clock::time_point now) const;

    double tokens_;
    Clock::time_point filled_;
};

}  // namespace hsmfront::net
