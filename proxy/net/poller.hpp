// Poller: one epoll(7) for all sockets of a loop, edge-triggered.
//
// Asio tells its own epoll anew whenever somebody waits for a socket, one system call each time.
// Here each socket is added once, and remembers what it was told.
#pragma once

#include "proxy/net/waiter.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <coroutine>

namespace hsmfront::net {

using boost::system::error_code;

enum class Direction { read, write };

class Watched;

class Poller {
  public:
    using Executor = boost::asio::io_context::executor_type;

    Poller(Loop& loop, const Executor& executor);

    /// Watches a descriptor from now on, until it is closed.
    [[nodiscard]] error_code add(Watched& watched) noexcept;
    /// Only for a socket that another descriptor, or process, has too: epoll(7) would go on telling
    /// of it after our descriptor is closed.
    void remove(Watched& watched) noexcept;
    /// Somebody waits.
    void wait();
    /// Nobody does.
    void rest() noexcept;
    /// The loop calls look() itself from now on.
    void take_over() noexcept { taken_over_ = true; }
    /// Marks what becomes ready within so many milliseconds (-1: whenever), and wakes those that
    /// wait for it; how many that were.
    int look(int patience) noexcept;

  private:
    void set();
    void on_ready();

    Loop& loop_;
    boost::asio::posix::basic_stream_descriptor<Executor> epoll_;
    bool taken_over_ = false;
    bool wanted_ = false;
    bool set_ = false;  ///< its readiness, or a turn of its own, is waited for
};

/// A non-blocking descriptor, owned. A direction is taken for ready until a call finds nothing to
/// do and says so by exhausted(): a call is a system call, asking here is none.
class Watched {
  public:
    Watched(Loop& loop, int fd) noexcept : loop_(loop), fd_(fd) {}
    ~Watched() { close(); }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    [[nodiscard]] Loop& loop() const noexcept { return loop_; }
    [[nodiscard]] int fd() const noexcept { return fd_; }  ///< -1 once closed
    [[nodiscard]] bool ready(Direction direction) const noexcept {
        return !added_ || (direction == Direction::read ? readable_ : writable_);
    }
    /// To be called after EAGAIN.
    void exhausted(Direction direction) noexcept;
    /// To be called after fewer bytes than were asked for, which tells the same (epoll(7)).
    void fell_short(Direction direction) noexcept {
        if (direction == Direction::write || !has_marks_) {
            exhausted(direction);
        }
    }
    /// Reading ends at marks of urgent data too (tcp(7)): fewer bytes tell nothing then.
    void expect_marks() noexcept { has_marks_ = true; }
    /// Wakes those that wait for either direction.
    void wake() noexcept;
    void close() noexcept;

    /// To be awaited; one at a time for each direction. Returns when the direction may be ready, at
    /// wake(), or an error of epoll_ctl(2).
    class Wait {
      public:
        Wait(Watched& watched, Direction direction) noexcept
            : watched_(watched), direction_(direction) {}
        [[nodiscard]] bool ready() const noexcept;
        bool suspend(std::coroutine_handle<> coroutine, Loop& loop) noexcept;
        [[nodiscard]] error_code result() const noexcept { return error_; }

      private:
        Watched& watched_;
        Direction direction_;
        Waiter waiter_;
        error_code error_;
    };
    [[nodiscard]] Wait wait(Direction direction) noexcept { return {*this, direction}; }

  private:
    friend class Poller;
    void mark(unsigned events) noexcept;

    Loop& loop_;
    int fd_;
    bool added_ = false;
    bool readable_ = false;
    bool writable_ = false;
    bool hung_up_ = false;  ///< end of input or an error: reading tells at once, always
    bool broken_ = false;   ///< an error: so does writing
    bool has_marks_ = false;
    WaiterList readers_;
    WaiterList writers_;
};

}  // namespace hsmfront::net
