#include "proxy/net/deadline.hpp"

#include <vector>

namespace hsmfront::net {

/// Shared with the pending timer, whose handler may run after the Watchdog is gone.
struct Watchdog::State {
    State(Executor executor, std::initializer_list<Interruptible*> who, milliseconds when)
        : timer(executor), targets(who), limit(when), due(Clock::now() + when) {}

    Timer timer;
    std::vector<Interruptible*> targets;  ///< emptied when the Watchdog ends
    milliseconds limit;
    Clock::time_point due;
    bool armed = false;
    bool paused = false;
    bool expired = false;
};

Watchdog::Watchdog(
    Executor executor, std::initializer_list<Interruptible*> targets, milliseconds limit
)
    : state_(std::make_shared<State>(executor, targets, limit)) {
    arm(state_);
}

Watchdog::~Watchdog() {
    state_->targets.clear();
    state_->timer.cancel();
}

void Watchdog::arm(const std::shared_ptr<State>& state) {
    state->armed = true;
    state->timer.expires_at(state->due);
    state->timer.async_wait([state](error_code) {
        state->armed = false;
        if (state->targets.empty() || state->paused || state->expired) {
            return;
        }
        if (Clock::now() < state->due) {  // touched or restarted since
            arm(state);
            return;
        }
        state->expired = true;
        for (Interruptible* target : state->targets) {
            target->interrupt(Errc::timed_out);
        }
    });
}

void Watchdog::touch() {
    state_->due = Clock::now() + state_->limit;
    state_->paused = false;
    if (!state_->armed && !state_->expired) {
        arm(state_);
    }
}

void Watchdog::restart(milliseconds limit) {
    state_->limit = limit;
    state_->expired = false;
    touch();
    if (state_->due < state_->timer.expiry()) {
        state_->timer.cancel();  // its handler arms the nearer time
    }
}

void Watchdog::pause() noexcept { state_->paused = true; }

bool Watchdog::expired() const noexcept { return state_->expired; }

}  // namespace hsmfront::net
