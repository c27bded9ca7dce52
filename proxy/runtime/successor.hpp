// Successor: the process that takes the place of this one.
#pragma once

#include "proxy/runtime/handover.hpp"
#include "proxy/runtime/spawn.hpp"

#include <stop_token>
#include <string>

namespace hsmfront::runtime {

/// Both serve the same ports for a moment, in which no connection is refused. It is not a child of
/// this process, so that a service manager is told of its end (see Predecessor::begin()).
class Successor {
  public:
    explicit Successor(CommandLine command) : command_(std::move(command)), channel_(none()) {}

    /// Starts it and waits until it can serve. Blocks, for at most some minutes. On failure, whose
    /// message is for the operator, it is gone, or ends by itself.
    [[nodiscard]] certs::Loaded<void> start(const Handover& handover, const std::stop_token& stop);

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] const std::string& version() const noexcept { return version_; }

    /// This process accepts nothing more.
    void go();
    /// It is not wanted any more; it ends.
    void stop();

  private:
    [[nodiscard]] static HandoverChannel none() { return HandoverChannel(net::Descriptor()); }

    const CommandLine command_;
    HandoverChannel channel_;
    pid_t pid_ = 0;
    std::string version_;
};

}  // namespace hsmfront::runtime
