#include "proxy/net/event.hpp"

namespace hsmfront::net {

Event::Event(Executor executor) : timer_(executor) {}

void Event::notify() noexcept {
    notified_ = true;
    timer_.cancel();
}

Task<void> Event::wait() {
    timer_.expires_at(Clock::time_point::max());
    while (!notified_) {
        co_await timer_.async_wait(as_tuple);
    }
    notified_ = false;
}

Task<void> Event::wait_for(milliseconds limit) {
    const auto due = Clock::now() + limit;
    timer_.expires_at(due);
    while (!notified_ && Clock::now() < due) {
        co_await timer_.async_wait(as_tuple);
    }
    notified_ = false;
}

}  // namespace hsmfront::net
