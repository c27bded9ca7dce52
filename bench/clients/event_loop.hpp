// EventLoop: one thread's epoll, edge-triggered, so that a socket is registered once.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <sys/epoll.h>

namespace hsmfront::bench {

/// Owns a socket of the loop. It outlives the loop's run.
class Actor {
  public:
    Actor() = default;
    virtual ~Actor() = default;
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;

    /// Goes on as far as possible without waiting. May be called without need.
    virtual void proceed() = 0;
};

class EventLoop {
  public:
    using Clock = std::chrono::steady_clock;

    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Watches `fd` for `actor` until it is closed. Throws std::system_error.
    void add(int fd, Actor& actor);

    /// Calls `pulse` before each wait; it returns until when to wait for events, or nothing to end.
    template <typename Pulse>
    void run(Pulse pulse) {
        while (const std::optional<Clock::time_point> until = pulse()) {
            dispatch(*until);
        }
    }

  private:
    void dispatch(Clock::time_point until);

    int poll_;
    std::array<epoll_event, 256> events_{};
};

}  // namespace hsmfront::bench
