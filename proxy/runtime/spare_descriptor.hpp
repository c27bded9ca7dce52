// SpareDescriptor: what is left when the process has no descriptor more.
#pragma once

#include "proxy/net/socket.hpp"

namespace hsmfront::runtime {

/// A connection that cannot be accepted stays in the kernel's queue: its client waits for nothing,
/// and the queue stays ready. With a descriptor in reserve it can be taken and closed.
class SpareDescriptor {
  public:
    SpareDescriptor() { refill(); }
    ~SpareDescriptor();
    SpareDescriptor(const SpareDescriptor&) = delete;
    SpareDescriptor& operator=(const SpareDescriptor&) = delete;

    /// Resets the next connection of `listener`. False: there is no spare, or no connection.
    [[nodiscard]] bool turn_away(net::Listener& listener);

  private:
    void refill();

    int fd_ = -1;
};

}  // namespace hsmfront::runtime
