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

  private:
    Timer timer_;
    bool notified_ = false;
};

}  // namespace hsmfront::net
