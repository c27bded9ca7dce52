// The wait for a place with a backend server, across threads.
//
// No wake-up is lost: a waiter raises `waiting_` before it looks for a free place, whoever frees a
// place lowers the count of places before it reads `waiting_`, all sequentially consistent. So
// either the waiter finds the place or the other finds the waiter.
#include "proxy/http/backend_queue.hpp"

#include "proxy/http/backend_server.hpp"

#include <algorithm>

namespace hsmfront::http {

BackendQueue::Waiter::Waiter(
    BackendQueue& queue, net::Executor executor, std::shared_ptr<net::Event> wake
)
    : queue_(queue), executor_(executor), wake_(std::move(wake)) {}

BackendQueue::Waiter::~Waiter() {
    if (BackendServer* server = leave(); server != nullptr) {
        server->release();
    }
}

BackendServer* BackendQueue::Waiter::leave() {
    const std::lock_guard lock(queue_.mutex_);
    queue_.waiters_.remove(this);
    queue_.waiting_ = queue_.waiters_.size();
    return granted_.exchange(nullptr);
}

bool BackendQueue::join(Waiter& waiter, std::size_t bound) {
    const std::lock_guard lock(mutex_);
    const auto before = std::count_if(waiters_.begin(), waiters_.end(), [&](const Waiter* other) {
        return other->group == waiter.group;
    });
    if (static_cast<std::size_t>(before) >= bound) {
        return false;
    }
    waiters_.push_back(&waiter);
    waiting_ = waiters_.size();  // before the look for a free place
    for (BackendServer* server : waiter.servers) {
        hand_out(*server);
    }
    return true;
}

void BackendQueue::on_release(BackendServer& server) {
    if (waiting()) {
        const std::lock_guard lock(mutex_);
        hand_out(server);
    }
}

void BackendQueue::hand_out(BackendServer& server) {
    for (auto it = waiters_.begin(); it != waiters_.end();) {
        Waiter& waiter = **it;
        const bool suits = std::find(waiter.servers.begin(), waiter.servers.end(), &server) !=
                           waiter.servers.end();
        if (!suits) {
            ++it;
            continue;
        }
        if (!server.take(waiter.max)) {
            break;
        }
        it = waiters_.erase(it);
        waiter.granted_ = &server;
        // Within the lock: the waiter, and its loop, stand at least until it has passed leave().
        net::Loop::of(waiter.executor_).post([wake = waiter.wake_] { wake->notify(); });
    }
    waiting_ = waiters_.size();
}

}  // namespace hsmfront::http
