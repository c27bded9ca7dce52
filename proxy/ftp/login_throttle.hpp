// LoginThrottle: addresses from which too many logins were refused.
#pragma once

#include "config/settings.hpp"
#include "proxy/net/executor.hpp"
#include "proxy/net/token_bucket.hpp"

#include <mutex>
#include <unordered_map>

namespace hsmfront::ftp {

/// Shared by all workers; thread-safe. Without a rate it remembers nothing.
class LoginThrottle {
  public:
    using Clock = net::TokenBucket::Clock;
    using Address = net::asio::ip::address;

    explicit LoginThrottle(config::Rate rate) : rate_(rate) {}

    /// A login from `address` was refused.
    void count(const Address& address, Clock::time_point now = Clock::now());
    /// True while `address` has used up its rate.
    [[nodiscard]] bool blocks(const Address& address, Clock::time_point now = Clock::now()) const;
    [[nodiscard]] const config::Rate& rate() const noexcept { return rate_; }

  private:
    const config::Rate rate_;
    mutable std::mutex mutex_;
    std::unordered_map<Address, net::TokenBucket> addresses_;
};

}  // namespace hsmfront::ftp
