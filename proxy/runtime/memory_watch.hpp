// MemoryWatch: tells Admission what the process has resident, for limits.memory.
#pragma once

#include "proxy/net/executor.hpp"
#include "proxy/runtime/admission.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace hsmfront::runtime {

/// Looks once a second, on `loop`'s thread, which is no worker's. Above the limit, memory that was
/// freed is given back to the system: the allocator keeps it otherwise, and the service would
/// refuse clients for those that have left (malloc_trim(3)).
class MemoryWatch {
  public:
    /// Both outlive it.
    MemoryWatch(net::asio::io_context& loop, Admission& admission)
        : timer_(loop), admission_(admission) {}

    void start() { look(); }
    void end() { timer_.cancel(); }

  private:
    void look();

    net::asio::steady_timer timer_;
    Admission& admission_;
};

}  // namespace hsmfront::runtime
