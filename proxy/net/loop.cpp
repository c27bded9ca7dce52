#include "proxy/net/loop.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace hsmfront::net {

namespace {

constexpr int most_turns = 8;

}  // namespace

boost::asio::execution_context::id Loop::id;

Loop::Loop(boost::asio::execution_context& context)
    : service(context),
      executor_(static_cast<boost::asio::io_context&>(context).get_executor()),
      poller_(*this, executor_),
      timeouts_(executor_),
      pokes_(*this, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (pokes_.fd() < 0) {
        throw std::system_error(errno, std::system_category(), "eventfd");
    }
}

bool Loop::is_here() const noexcept { return thread_.load() == std::this_thread::get_id(); }

void Loop::poke() noexcept {
    if (thread_.load() != std::thread::id()) {
        const std::uint64_t one = 1;
        // Cannot fail before so many pokes that nobody lives to see it.
        const ssize_t written = ::write(pokes_.fd(), &one, sizeof one);
        static_cast<void>(written);
    }
}

void Loop::run() {
    auto& context = executor_.context();
    const auto work = boost::asio::make_work_guard(executor_);  // without any, poll() stops it
    if (const error_code ec = poller_.add(pokes_)) {
        throw std::system_error(ec.value(), std::system_category(), "epoll_ctl");
    }
    poller_.take_over();
    timeouts_.take_over();
    thread_ = std::this_thread::get_id();
    context.poll();  // what was posted before
    while (!context.stopped()) {
        // Who is woken often wakes others, and a look at the sockets is a system call.
        for (int turns = 0; turns < most_turns && !woken_.empty(); ++turns) {
            resume_woken();
        }
        if (context.stopped()) {
            break;
        }
        poller_.look(patience());
        timeouts_.look();
        if (pokes_.ready(Direction::read) || asio_ != 0) {
            pokes_.exhausted(Direction::read);
            context.poll();
        }
    }
    thread_ = std::thread::id();
}

/// Milliseconds that may be waited for what happens to sockets, -1: any time.
int Loop::patience() const noexcept {
    if (!woken_.empty()) {
        return 0;
    }
    const int due = timeouts_.patience();
    return asio_ == 0 ? due : due < 0 ? 1 : std::min(due, 1);
}

Loop& Loop::of(const Executor& executor) {
    return boost::asio::use_service<Loop>(executor.context());
}

Loop::Root::~Root() {
    if (loop_ != nullptr) {
        unlink();
        loop_->ended();
    }
}

void Loop::start(Root& root, std::coroutine_handle<> coroutine) {
    if (is_here()) {
        adopt(root);
        coroutine.resume();
        return;
    }
    const auto destroy = [](Root* unborn) { unborn->destroy(); };
    std::unique_ptr<Root, decltype(destroy)> owned(&root, destroy);
    const auto work = boost::asio::make_work_guard(executor_);  // see post()
    boost::asio::dispatch(executor_, [this, coroutine, owned = std::move(owned)]() mutable {
        adopt(*owned.release());
        coroutine.resume();
    });
    poke();
}

void Loop::adopt(Root& root) {
    root.loop_ = this;
    roots_.push_back(root);
    if (!work_) {
        work_.emplace(executor_);
    }
}

void Loop::ended() noexcept {
    if (roots_.empty()) {
        // Nobody is left to be woken: the io_context may run out of work.
        work_.reset();
        poller_.rest();
        timeouts_.rest();
    }
}

void Loop::wake(Waiter& waiter) noexcept {
    woken_.push_back(waiter);
    if (!scheduled_ && !is_here()) {
        scheduled_ = true;
        boost::asio::post(executor_, [this] { resume_woken(); });
    }
}

void Loop::resume_woken() {
    scheduled_ = false;
    // Those that are woken meanwhile come next time: whatever else the loop has to do goes between.
    WaiterList now;
    now.swap(woken_);
    while (!now.empty()) {
        Waiter& waiter = now.front();
        now.pop_front();
        waiter.coroutine_.resume();
    }
}

void Loop::shutdown() noexcept {
    while (!roots_.empty()) {
        roots_.front().destroy();
    }
}

void Waiter::wake() noexcept {
    if (is_linked()) {
        unlink();
    }
    loop_->wake(*this);
}

}  // namespace hsmfront::net
