#include "proxy/net/loop.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace hsmfront::net {

boost::asio::execution_context::id Loop::id;

Loop::Loop(boost::asio::execution_context& context)
    : service(context),
      executor_(static_cast<boost::asio::io_context&>(context).get_executor()),
      poller_(*this, executor_),
      timeouts_(executor_) {}

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
    const auto destroy = [](Root* unborn) { unborn->destroy(); };
    std::unique_ptr<Root, decltype(destroy)> owned(&root, destroy);
    boost::asio::dispatch(executor_, [this, coroutine, owned = std::move(owned)]() mutable {
        adopt(*owned.release());
        coroutine.resume();
    });
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
    if (!scheduled_) {
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
