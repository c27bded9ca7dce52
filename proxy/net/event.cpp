#include "proxy/net/event.hpp"

namespace hsmfront::net {

Event::Event(Executor executor) : timer_(executor, Clock::time_point::max()) {}

void Event::notify() noexcept {
    notified_ = true;
    timer_.cancel();
}

Task<void> Event::wait() {
    while (!notified_) {
        co_await timer_.async_wait(as_tuple);
    }
    notified_ = false;
}

}  // namespace hsmfront::net
