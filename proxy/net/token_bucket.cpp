#include "proxy/net/token_bucket.hpp"

#include <algorithm>

namespace hsmfront::net {

double TokenBucket::tokens(const config::Rate& rate, Clock::time_point now) const {
    const auto capacity = static_cast<double>(rate.count);
    const std::chrono::duration<double, std::milli> passed = now - filled_;
    const double fresh = passed.count() * capacity / static_cast<double>(rate.per.count());
    return std::min(capacity, tokens_ + fresh);
}

bool TokenBucket::take(const config::Rate& rate, Clock::time_point now) {
    if (empty(rate, now)) {
        return false;
    }
    if (rate.count != 0) {
        tokens_ = tokens(rate, now) - 1;
        filled_ = now;
    }
    return true;
}

bool TokenBucket::empty(const config::Rate& rate, Clock::time_point now) const {
    return rate.count != 0 && tokens(rate, now) < 1;
}

}  // namespace hsmfront::net
