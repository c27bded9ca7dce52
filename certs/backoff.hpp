// Backoff: growing waits between attempts.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace hsmfront::certs {

/// 50 ms, doubled each time up to 1 s, shortened by up to a quarter at random so that several
/// proxies on one HSM do not come in step. The longest wait is the longest time that an HSM is back
/// without our knowing it, so it is short.
class Backoff {
  public:
    using milliseconds = std::chrono::milliseconds;

    [[nodiscard]] milliseconds next() {
        const milliseconds wait = wait_;
        wait_ = std::min(2 * wait_, milliseconds(1000));
        std::uniform_int_distribution<milliseconds::rep> jitter(0, wait.count() / 4);
        return wait - milliseconds(jitter(random_));
    }

    void reset() { wait_ = first; }

  private:
    static constexpr milliseconds first{50};

    milliseconds wait_ = first;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace hsmfront::certs
