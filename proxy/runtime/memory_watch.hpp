// MemoryWatch: tells Admission what the process has resident, for limits.memory.
#pragma once

#include "proxy/net/executor.hpp"
#include "proxy/runtime/admission.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace hsmfront::runtime {

/// Looks once a period, on `loop`'s thread, which is no worker's. Above the limit, memory that was
/// freed is given back to the system: the allocator keeps it otherwise, and the service would
/// refuse clients for those that have left (malloc_trim(3)).
class MemoryWatch {
  public:
    /// Both outlive it.
    MemoryWatch(
        net::asio::io_context& loop,
        Admission& admission,
        net::milliseconds period = std::chrono::seconds(1)
    )
        : timer_(loop), admission_(admission), period_(period) {}

    void start() { look(); }
    /// The loop runs out of work.
    void end() {
        ended_ = true;
        timer_.cancel();
    }

  private:
    void look();

    net::asio::steady_timer timer_;
    Admission& admission_;
    const net::milliseconds period_;
    bool ended_ = false;  ///< a look that is due already cannot be cancelled
};

}  // namespace hsmfront::runtime
