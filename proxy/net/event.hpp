// Event: lets one coroutine of a worker wake another.
#pragma once

#include "proxy/net/executor.hpp"

namespace hsmfront::net {

/// Remembers one notification until it is waited for. Single waiter, single thread.
class Event {
  public:
    explicit Event(Executor executor);

    void notify() noexcept;
    /// Returns once notified since the last wait.
    [[nodiscard]] Task<void> wait();
    /// The same, but after `limit` in any case.
    [[nodiscard]] Task<void> wait_for(milliseconds limit);

  private:
    Timer timer_;
    bool notified_ = false;
};

}  // namespace hsmfront::net
