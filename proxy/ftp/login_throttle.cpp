#include "proxy/ftp/login_throttle.hpp"

namespace hsmfront::ftp {
namespace {

/// Beyond this many, addresses whose time is over are forgotten.
constexpr std::size_t remembered = 4096;

}  // namespace

void LoginThrottle::count(const Address& address, Clock::time_point now) {
    if (rate_.count == 0) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    if (addresses_.size() >= remembered) {
        std::erase_if(addresses_, [&](const auto& entry) {
            return entry.second.forgettable(rate_, now);
        });
    }
    auto& bucket = addresses_.try_emplace(address, rate_, now).first->second;
    static_cast<void>(bucket.take(rate_, now));
}

bool LoginThrottle::blocks(const Address& address, Clock::time_point now) const {
    if (rate_.count == 0) {
        return false;
    }
    const std::scoped_lock lock(mutex_);
    const auto found = addresses_.find(address);
    return found != addresses_.end() && found->second.empty(rate_, now);
}

}  // namespace hsmfront::ftp
