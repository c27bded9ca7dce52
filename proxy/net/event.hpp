// Event: lets one coroutine of a worker wake another.
#pragma once

#include "proxy/net/executor.hpp"
#include "proxy/net/waiter.hpp"

#include <utility>

namespace hsmfront::net {

/// Remembers one notification until it is waited for. Single waiter, single thread.
class Event {
  public:
    class Wait {
      public:
        explicit Wait(Event& event) noexcept : event_(event) {}
        [[nodiscard]] bool ready() const noexcept { return event_.notified_; }
        bool suspend(std::coroutine_handle<> coroutine, Loop& loop) noexcept {
            waiter_.suspend(coroutine, loop);
            event_.waiters_.push_back(waiter_);
            return true;
        }
        /// True if it was notified.
        bool result() noexcept { return std::exchange(event_.notified_, false); }

      private:
        Event& event_;
        Waiter waiter_;
    };

    void notify() noexcept;
    /// Returns once notified since the last wait.
    [[nodiscard]] Wait wait() noexcept { return Wait(*this); }
    /// The same, but after `limit` in any case.
    [[nodiscard]] Task<void> wait_for(milliseconds limit);

    /// Ends a wait without a notification.
    void wake() noexcept;

  private:
    WaiterList waiters_;
    bool notified_ = false;
};

/// To be awaited: lets all others that can go on have their turn.
class Yield {
  public:
    [[nodiscard]] bool ready() const noexcept { return false; }
    bool suspend(std::coroutine_handle<> coroutine, Loop& loop) noexcept {
        waiter_.suspend(coroutine, loop);
        waiter_.wake();
        return true;
    }
    void result() const noexcept {}

  private:
    Waiter waiter_;
};

}  // namespace hsmfront::net
