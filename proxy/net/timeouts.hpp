// Timeouts: all limits of time of a loop, behind one timer.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/set.hpp>

#include <chrono>

namespace hsmfront::net {

/// Something that happens when a time has come. Forgotten when it ends.
class Timeout : public boost::intrusive::set_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    using Clock = std::chrono::steady_clock;

    Timeout() = default;
    Timeout(const Timeout&) = delete;
    Timeout& operator=(const Timeout&) = delete;

    [[nodiscard]] bool pending() const noexcept { return is_linked(); }
    /// While pending.
    [[nodiscard]] Clock::time_point due() const noexcept { return due_; }
    /// It is not pending any more. May schedule it again, or end it.
    virtual void on_due() noexcept = 0;

  protected:
    virtual ~Timeout() = default;

  private:
    friend class Timeouts;
    friend bool operator<(const Timeout& a, const Timeout& b) noexcept { return a.due_ < b.due_; }
    Clock::time_point due_;
};

/// The timer is set for the earliest and not moved when that one is taken away: most limits are
/// lifted before they come, and a look for nothing now and then is cheaper.
class Timeouts {
  public:
    using Executor = boost::asio::io_context::executor_type;
    using Clock = Timeout::Clock;

    explicit Timeouts(const Executor& executor) : timer_(executor) {}

    /// Also of one that is pending: its time is another then.
    void schedule(Timeout& timeout, Clock::time_point due);
    /// No coroutine is left: the io_context need not wait for a time that nobody waits for.
    void rest() noexcept;
    /// The loop calls look() itself from now on, in time.
    void take_over() noexcept { taken_over_ = true; }
    /// Milliseconds until the earliest is due, -1: there is none.
    [[nodiscard]] int patience() const noexcept;
    /// Tells those that are due.
    void look();

  private:
    void set();

    boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> timer_;
    bool taken_over_ = false;
    Clock::time_point set_for_ = Clock::time_point::max();
    boost::intrusive::multiset<Timeout, boost::intrusive::constant_time_size<false>> pending_;
};

}  // namespace hsmfront::net
