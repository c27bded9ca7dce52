// BackendQueue: requests of all workers that wait for a place with a backend server.
#pragma once

#include "proxy/net/event.hpp"

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

namespace hsmfront::http {

class BackendServer;

/// First come, first served. One for the process, so that a place freed by a session from before a
/// reload goes to whoever waits now. Thread-safe.
class BackendQueue {
  public:
    /// One request's wait. Lives on its worker.
    class Waiter {
      public:
        /// `wake` is notified, on the executor's thread, once a place was granted.
        Waiter(BackendQueue& queue, net::Executor executor, std::shared_ptr<net::Event> wake);
        /// Leaves, and gives a place back that was granted.
        ~Waiter();
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;

        std::vector<BackendServer*> servers;  ///< those that will do
        std::size_t max = 0;                  ///< places of each of them
        const void* group = nullptr;          ///< whose bound the wait counts for

        [[nodiscard]] bool granted() const noexcept { return granted_.load() != nullptr; }
        /// Out of the queue, at once. The server with which a place was taken for the caller, or
        /// null.
        [[nodiscard]] BackendServer* leave();

      private:
        friend class BackendQueue;
        BackendQueue& queue_;
        net::Executor executor_;
        std::shared_ptr<net::Event> wake_;  ///< used on the executor's thread only
        std::atomic<BackendServer*> granted_ = nullptr;
    };

    /// Somebody waits: newcomers must, too.
    [[nodiscard]] bool waiting() const noexcept { return waiting_.load() != 0; }
    /// At the end of the queue; what is free is granted within the call. False if `bound` waiters
    /// of the group are there already.
    [[nodiscard]] bool join(Waiter& waiter, std::size_t bound);
    /// A place of `server` has become free: to be called after each. Takes no lock while nobody
    /// waits.
    void on_release(BackendServer& server);

  private:
    void hand_out(BackendServer& server);

    std::mutex mutex_;
    std::list<Waiter*> waiters_;
    std::atomic<std::size_t> waiting_ = 0;  ///< their number
};

}  // namespace hsmfront::http
