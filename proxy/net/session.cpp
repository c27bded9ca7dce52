#include "proxy/net/session.hpp"

#include "proxy/net/errc.hpp"

#include <algorithm>

namespace hsmfront::net {

SessionRegistry::Entry::Entry(SessionRegistry& registry, Interruptible& session)
    : registry_(registry),
      position_(registry.sessions_.insert(registry.sessions_.end(), {&session, nullptr})) {}

SessionRegistry::Entry::~Entry() { registry_.sessions_.erase(position_); }

void SessionRegistry::retire() noexcept {
    if (serving()) {
        phase_ = Phase::retiring;
        for (const Member& member : sessions_) {
            member.session->retire();
        }
    }
}

void SessionRegistry::drain() noexcept {
    phase_ = Phase::draining;
    interrupt_all(Errc::stopped);
}

void SessionRegistry::interrupt_all(error_code reason) noexcept {
    // Interrupting wakes coroutines through the executor, so no entry goes away in this loop.
    for (const Member& member : sessions_) {
        member.session->interrupt(reason);
    }
}

SessionList SessionRegistry::list(std::size_t most) const {
    SessionList found;
    std::vector<const Described*> active;
    std::vector<const Described*> idle;
    for (auto member = sessions_.rbegin(); member != sessions_.rend(); ++member) {
        if (member->described == nullptr) {
            continue;
        }
        ++found.total;
        auto& kind = member->described->active() ? active : idle;
        if (kind.size() < most) {
            kind.push_back(member->described);
        }
    }
    active.insert(active.end(), idle.begin(), idle.end());
    active.resize(std::min(active.size(), most));
    for (const Described* session : active) {
        found.shown.push_back(session->facts());
    }
    return found;
}

}  // namespace hsmfront::net
