// Backoff: growing waits between attempts.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace hsmfront::certs {

/// 50 ms, doubled each time up to half a second, so that service is back soon after the token is;
/// shortened by up to a quarter at random so that several proxies on one HSM do not come in step.
class Backoff {
  public:
    using milliseconds = std::chrono::milliseconds;

    [[nodiscard]] milliseconds next() {
        const milliseconds wait = wait_;
        wait_ = std::min(2 * wait_, longest);
        std::uniform_int_distribution<milliseconds::rep> jitter(0, wait.count() / 4);
        return wait - milliseconds(jitter(random_));
    }

    void reset() { wait_ = first; }

  private:
    static constexpr milliseconds first{50};
    static constexpr milliseconds longest{500};

    milliseconds wait_ = first;
    std::minstd_rand random_{std::random_device{}()};
};

}  // namespace hsmfront::certs
