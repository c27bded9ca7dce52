#include "proxy/net/timeouts.hpp"

#include <algorithm>

namespace hsmfront::net {

void Timeouts::schedule(Timeout& timeout, Clock::time_point due) {
    if (timeout.is_linked()) {
        timeout.unlink();
    }
    timeout.due_ = due;
    pending_.insert(timeout);
    if (due < set_for_ && !taken_over_) {
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
    if (pending_.empty()) {
        return;
    }
    const auto now = Clock::now();
    while (!pending_.empty() && pending_.begin()->due() <= now) {
        Timeout& timeout = *pending_.begin();
        timeout.unlink();
        timeout.on_due();
    }
    if (!pending_.empty() && pending_.begin()->due() < set_for_ && !taken_over_) {
        set();
    }
}

int Timeouts::patience() const noexcept {
    if (pending_.empty()) {
        return -1;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(pending_.begin()->due() - Clock::now());
    return static_cast<int>(std::clamp<long>(left.count(), 0, 3'600'000));
}

void Timeouts::rest() noexcept {
    if (pending_.empty()) {
        set_for_ = Clock::time_point::max();
        timer_.cancel();
    }
}

}  // namespace hsmfront::net
