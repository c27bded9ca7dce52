// Canary: test signatures of our own, so that a token that is lost while nobody signs is noticed.
#pragma once

#include "certs/key_route.hpp"

namespace hsmfront::certs {

/// One thread: the supervisor's.
class Canary {
  public:
    using Clock = SignJob::Clock;

    /// `interval` without a good signature calls for one.
    explicit Canary(Clock::duration interval) : interval_(interval) {}

    /// When the next one is due: after `interval` without a signature, and at once while the last
    /// answers were overdue, so that a stalled token is found out soon.
    [[nodiscard]] Clock::time_point due(const PoolState& state) const;

    /// Queues a test signature with the first of `routes` that has a key at `place`, unless one is
    /// on its way.
    void sing(
        PoolState& state,
        const std::vector<std::shared_ptr<KeyRoute>>& routes,
        std::size_t place,
        std::chrono::milliseconds limit
    );

  private:
    const Clock::duration interval_;
    Clock::time_point last_{};
    std::shared_ptr<SignJob> job_;
};

}  // namespace hsmfront::certs
