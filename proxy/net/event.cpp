#include "proxy/net/event.hpp"

namespace hsmfront::net {
namespace {

class Limit final : public Timeout {
  public:
    explicit Limit(Event& event) : event_(event) {}
    void on_due() noexcept override { event_.wake(); }

  private:
    Event& event_;
};

}  // namespace

void Event::notify() noexcept {
    notified_ = true;
    wake();
}

void Event::wake() noexcept {
    if (!waiters_.empty()) {
        waiters_.front().wake();
    }
}

Task<void> Event::wait_for(milliseconds limit) {
    Limit until(*this);
    const Executor executor = co_await asio::this_coro::executor;
    Loop::of(executor).timeouts().schedule(until, Clock::now() + limit);
    co_await wait();
}

}  // namespace hsmfront::net
