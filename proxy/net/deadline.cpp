#include "proxy/net/deadline.hpp"

#include <algorithm>
#include <stdexcept>

namespace hsmfront::net {

Watchdog::Watchdog(
    Executor executor, std::initializer_list<Interruptible*> targets, milliseconds limit
)
    : timeouts_(Loop::of(executor).timeouts()), limit_(limit), due_(Clock::now() + limit) {
    if (targets.size() > targets_.size()) {
        throw std::length_error("a watchdog has two targets at most");
    }
    std::copy(targets.begin(), targets.end(), targets_.begin());
    timeouts_.schedule(*this, due_);
}

void Watchdog::on_due() noexcept {
    if (paused_ || expired_) {
        return;
    }
    if (Clock::now() < due_) {  // touched or restarted since
        timeouts_.schedule(*this, due_);
        return;
    }
    expired_ = true;
    for (Interruptible* const target : targets_) {
        if (target != nullptr) {
            target->interrupt(Errc::timed_out);
        }
    }
}

void Watchdog::touch() {
    due_ = Clock::now() + limit_;
    paused_ = false;
    if (!pending() && !expired_) {
        timeouts_.schedule(*this, due_);
    }
}

void Watchdog::restart(milliseconds limit) {
    limit_ = limit;
    expired_ = false;
    touch();
    if (due_ < due()) {
        timeouts_.schedule(*this, due_);
    }
}

}  // namespace hsmfront::net
