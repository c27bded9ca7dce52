// Loop: what an io_context has beside what Asio gives it: coroutines that are to be resumed, those
// that hold up all others, sockets, and limits of time.
#pragma once

#include "proxy/net/poller.hpp"
#include "proxy/net/timeouts.hpp"
#include "proxy/net/waiter.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <coroutine>
#include <optional>
#include <thread>
#include <utility>

namespace hsmfront::net {

/// One for each io_context, made when it is first asked for. Everything runs on one thread: that of
/// run(), where waiting is one epoll_wait(2), or that which runs the io_context, where Asio waits,
/// and looks here when there is something.
class Loop final : public boost::asio::execution_context::service {
  public:
    using Executor = boost::asio::io_context::executor_type;
    using key_type = Loop;
    static boost::asio::execution_context::id id;

    explicit Loop(boost::asio::execution_context& context);
    [[nodiscard]] static Loop& of(const Executor& executor);

    /// A coroutine that nobody awaits. The io_context has work while there is one, and destroys
    /// those that are left when it ends.
    class Root : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
      public:
        Root() = default;
        Root(const Root&) = delete;
        Root& operator=(const Root&) = delete;
        virtual void destroy() noexcept = 0;

      protected:
        virtual ~Root();

      private:
        friend class Loop;
        Loop* loop_ = nullptr;
    };
    /// Resumes it: at once on the loop's thread, else from there. From any thread.
    void start(Root& root, std::coroutine_handle<> coroutine);

    /// Runs everything until the io_context is stopped.
    void run();
    /// Runs `task` on the loop's thread. From any thread.
    template <class Function>
    void post(Function task) {
        // The task may be the last, and this loop gone with it, before the poke.
        const auto work = boost::asio::make_work_guard(executor_);
        boost::asio::post(executor_, std::move(task));
        poke();
    }
    /// An operation of Asio's has begun, or ended: it does not tell run() when it is done, so run()
    /// looks every now and then. What is waited for often, or long, does without Asio.
    void note_asio(int change) noexcept { asio_ += change; }

    /// Resumes the waiter's coroutine soon.
    void wake(Waiter& waiter) noexcept;
    /// Resumes those that were woken so far.
    void resume_woken();

    [[nodiscard]] Executor executor() const noexcept { return executor_; }
    [[nodiscard]] Poller& poller() noexcept { return poller_; }
    [[nodiscard]] Timeouts& timeouts() noexcept { return timeouts_; }

  private:
    void shutdown() noexcept override;
    void adopt(Root& root);
    void ended() noexcept;
    void poke() noexcept;
    /// Of the thread of run().
    [[nodiscard]] bool is_here() const noexcept;
    [[nodiscard]] int patience() const noexcept;

    using Roots = boost::intrusive::list<Root, boost::intrusive::constant_time_size<false>>;

    Executor executor_;
    Poller poller_;
    Timeouts timeouts_;
    WaiterList woken_;
    bool scheduled_ = false;
    std::atomic<std::thread::id> thread_;  ///< of run(), while it runs
    Watched pokes_;                        ///< an eventfd(2)
    int asio_ = 0;
    Roots roots_;
    std::optional<boost::asio::executor_work_guard<Executor>> work_;  ///< while there are roots
};

}  // namespace hsmfront::net
