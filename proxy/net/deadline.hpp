// The only two timers: Deadline for one step, Watchdog for something that must keep moving.
#pragma once

#include "proxy/net/errc.hpp"
#include "proxy/net/transport.hpp"

#include <initializer_list>
#include <memory>

namespace hsmfront::net {

/// Interrupts its targets with Errc::timed_out when `limit` passes without a touch(). touch() costs
/// one clock read. Targets must outlive it. Ends when destroyed.
class Watchdog {
  public:
    Watchdog(Executor executor, std::initializer_list<Interruptible*> targets, milliseconds limit);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// Starts the time over.
    void touch();
    /// Starts the time over with another limit.
    void restart(milliseconds limit);
    /// Holds the clock still until the next touch() or restart().
    void pause() noexcept;
    [[nodiscard]] bool expired() const noexcept;

  private:
    struct State;
    static void arm(const std::shared_ptr<State>& state);
    std::shared_ptr<State> state_;
};

/// A Watchdog that is never touched: one step, one limit.
using Deadline = Watchdog;

}  // namespace hsmfront::net
