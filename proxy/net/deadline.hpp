// The only two limits of time: Deadline for one step, Watchdog for something that must keep moving.
#pragma once

#include "proxy/net/errc.hpp"
#include "proxy/net/timeouts.hpp"
#include "proxy/net/transport.hpp"

#include <array>
#include <initializer_list>

namespace hsmfront::net {

/// Interrupts its targets with Errc::timed_out when `limit` passes without a touch(). touch() costs
/// one clock read. Targets, two at most, must outlive it. Ends when destroyed.
class Watchdog final : private Timeout {
  public:
    Watchdog(Executor executor, std::initializer_list<Interruptible*> targets, milliseconds limit);

    /// Starts the time over.
    void touch();
    /// Starts the time over with another limit.
    void restart(milliseconds limit);
    /// Holds the clock still until the next touch() or restart().
    void pause() noexcept { paused_ = true; }
    [[nodiscard]] bool expired() const noexcept { return expired_; }

  private:
    void on_due() noexcept override;

    Timeouts& timeouts_;
    std::array<Interruptible*, 2> targets_{};
    milliseconds limit_;
    Clock::time_point due_;
    bool paused_ = false;
    bool expired_ = false;
};

/// A Watchdog that is never touched: one step, one limit.
using Deadline = Watchdog;

}  // namespace hsmfront::net
