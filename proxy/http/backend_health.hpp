// BackendHealth: whether a backend server gets requests, from what became of those it got and from
// checks. No sockets; the time is the caller's.
#pragma once

#include "config/settings.hpp"
#include "proxy/net/executor.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

namespace hsmfront::http {

/// Thread-safe; no lock is taken for a server that is up and does not fail. The settings are given
/// with each call, since the state outlives a reload. A change is logged once.
///
/// `fall` failed requests in a row take a server out. Without checks it is out for `pause`; then
/// one request may try it, whose outcome decides. With checks only `rise` good ones bring it back.
class BackendHealth {
  public:
    using TimePoint = net::Clock::time_point;

    /// `name` is for the log. At first the server is up.
    explicit BackendHealth(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] bool up() const noexcept { return up_.load(std::memory_order_acquire); }
    /// When it went down or failed last; while it is up, when it came up.
    [[nodiscard]] TimePoint since() const noexcept;
    /// Part of its fair share of the requests that it should get now, 0.01–1: below 1 while it
    /// comes back slowly.
    [[nodiscard]] double share(const config::HttpHealth& settings, TimePoint now) const noexcept;

    /// The server is out, and a request may be the one that tries it.
    [[nodiscard]] bool trial_due(const config::HttpHealth& settings, TimePoint now);
    /// Makes the caller's request that one; false if another was faster.
    [[nodiscard]] bool begin_trial(const config::HttpHealth& settings, TimePoint now);
    /// The trial ended without telling anything about the server.
    void abandon_trial();

    /// A response began or, while the server is up, went over whole.
    void request_succeeded(TimePoint now);
    void request_failed(const config::HttpHealth& settings, TimePoint now, std::string_view reason);

    /// While checks run they alone bring the server back. Calls may nest, as a reload's do.
    void begin_checks() noexcept { checkers_.fetch_add(1); }
    void end_checks() noexcept { checkers_.fetch_sub(1); }
    [[nodiscard]] bool checked() const noexcept { return checkers_.load() != 0; }
    void check_passed(const config::HttpHealth& settings, TimePoint now);
    /// The first check of all decides alone: a server that is down at our start is soon known.
    void check_failed(const config::HttpHealth& settings, TimePoint now, std::string_view reason);

  private:
    void go_down(TimePoint now, std::string_view reason);
    void come_up(TimePoint now);
    [[nodiscard]] bool due(const config::HttpHealth& settings, TimePoint now) const;

    const std::string name_;
    std::atomic<bool> up_ = true;
    std::atomic<net::Clock::rep> since_ = 0;  ///< 0: up from the start
    std::atomic<std::size_t> failures_ = 0;   ///< of requests, in a row
    std::atomic<unsigned> checkers_ = 0;
    std::mutex mutex_;  ///< of changes and of what follows
    bool trial_ = false;
    bool ever_checked_ = false;
    std::size_t passes_ = 0;  ///< of checks, in a row, while down
    std::size_t misses_ = 0;  ///< of checks, in a row, while up
};

}  // namespace hsmfront::http
