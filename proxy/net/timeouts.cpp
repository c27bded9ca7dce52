#include "proxy/net/timeouts.hpp"

namespace hsmfront::net {

void Timeouts::schedule(Timeout& timeout, Clock::time_point due) {
    if (timeout.is_linked()) {
        timeout.unlink();
    }
    timeout.due_ = due;
    pending_.insert(timeout);
    if (due < set_for_) {
        set();
    }
}

void Timeouts::set() {
    set_for_ = pending_.begin()->due();
    timer_.expires_at(set_for_);
    timer_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) {
            set_for_ = Clock::time_point::max();
            look();
        }
    });
}

void Timeouts::look() {
    const auto now = Clock::now();
    while (!pending_.empty() && pending_.begin()->due() <= now) {
        Timeout& timeout = *pending_.begin();
        timeout.unlink();
        timeout.on_due();
    }
    if (!pending_.empty() && pending_.begin()->due() < set_for_) {
        set();
    }
}

void Timeouts::rest() noexcept {
    set_for_ = Clock::time_point::max();
    timer_.cancel();
}

}  // namespace hsmfront::net
