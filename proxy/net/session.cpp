#include "proxy/net/session.hpp"

#include "proxy/net/errc.hpp"

namespace hsmfront::net {

SessionRegistry::Entry::Entry(SessionRegistry& registry, Interruptible& session)
    : registry_(registry),
      position_(registry.sessions_.insert(registry.sessions_.end(), &session)) {}

SessionRegistry::Entry::~Entry() { registry_.sessions_.erase(position_); }

void SessionRegistry::retire() noexcept {
    if (serving()) {
        phase_ = Phase::retiring;
        for (Interruptible* session : sessions_) {
            session->retire();
        }
    }
}

void SessionRegistry::drain() noexcept {
    phase_ = Phase::draining;
    interrupt_all(Errc::stopped);
}

void SessionRegistry::interrupt_all(error_code reason) noexcept {
    // Interrupting wakes coroutines through the executor, so no entry goes away in this loop.
    for (Interruptible* session : sessions_) {
        session->interrupt(reason);
    }
}

}  // namespace hsmfront::net
