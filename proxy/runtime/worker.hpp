// Worker: one thread, one event loop, and the sessions accepted on it.
#pragma once

#include "proxy/net/period_log.hpp"
#include "proxy/net/proxy_intake.hpp"
#include "proxy/net/session.hpp"
#include "proxy/net/task_group.hpp"
#include "proxy/runtime/admission.hpp"
#include "proxy/runtime/spare_descriptor.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <thread>
#include <vector>

namespace hsmfront::runtime {

/// What is done with an accepted connection. Returns its session's coroutine; keeps alive what the
/// coroutine needs only until it is called, so what it captures must outlive the worker's loop or
/// be copied into the coroutine's parameters.
using Serve = std::function<net::Task<void>(net::Accepted)>;

/// Where a process that starts at `now` begins to count (net::Accepted::id): above the ids of those
/// before it, unless they had more than 100000 sessions for each second that they ran.
[[nodiscard]] std::uint64_t ids_before(std::chrono::system_clock::time_point now);

class Worker {
  public:
    /// `admission` and `ids` are shared by all workers and outlive them.
    Worker(Admission& admission, std::atomic<std::uint64_t>& ids);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    [[nodiscard]] net::Executor executor() noexcept { return loop_.get_executor(); }
    [[nodiscard]] net::WorkerContext& context() noexcept { return context_; }

    /// Starts the thread. `on_done` runs on it when the worker has stopped and holds no session.
    void start(std::function<void()> on_done);
    /// Runs `task` on the worker's thread. From any thread.
    template <class Function>
    void post(Function task) {
        net::Loop::of(executor()).post(std::move(task));
    }

    // The following run on the worker's thread (see post()).

    /// From whom connections accepted from now on must begin with a PROXY header. At first none.
    void set_balancers(std::shared_ptr<const net::Balancers> balancers);
    /// Accepts from `acceptor`, which listens already, until drain() or stop_accepting(id).
    void accept(std::uint64_t id, net::Acceptor acceptor, Serve serve);
    /// Serves those that are in the kernel's queue, then closes.
    void stop_accepting(std::uint64_t id);
    /// Those it accepts from, once more.
    [[nodiscard]] std::vector<Result<net::Descriptor>> sockets() const;
    /// Leaves its sockets, and what waits in their queues, to another process that has them too.
    /// Sessions end in their own time.
    void retire();
    /// Stops accepting; sessions end when what they are doing is done.
    void drain();
    /// Ends every session now.
    void interrupt();

    /// Waits for the thread. From any other thread.
    void join();

  private:
    [[nodiscard]] net::Task<void> run();
    struct Door {
        std::uint64_t id;
        net::Listener listener;
        Serve serve;
    };

    [[nodiscard]] net::Task<void> accept_loop(Door& door);
    void leave_doors();
    [[nodiscard]] net::Task<void> session(
        Serve serve, net::Accepted accepted, Admission::Slot slot
    );
    [[nodiscard]] net::Task<void> relayed_session(
        Serve serve,
        net::Accepted accepted,
        Admission::Slot slot,
        std::shared_ptr<const net::Balancers> balancers
    );
    /// Reads the PROXY header of `accepted` and takes its addresses. On failure the connection is
    /// reset, the reason logged.
    [[nodiscard]] net::Task<bool> identify(net::Accepted& accepted, net::milliseconds limit);
    void admit(net::Socket socket, net::tcp::endpoint from, const Serve& serve);

    Admission& admission_;
    std::atomic<std::uint64_t>& ids_;
    net::asio::io_context loop_{1};
    net::BufferPool buffers_;
    net::SessionRegistry sessions_;
    std::shared_ptr<const net::Balancers> balancers_ = std::make_shared<net::Balancers>();
    net::WorkerContext context_{loop_.get_executor(), buffers_, sessions_};
    std::list<Door> doors_;
    SpareDescriptor spare_;
    net::PeriodLog failures_;  ///< to accept
    net::TaskGroup tasks_{loop_.get_executor()};
    net::Event stop_;
    std::thread thread_;
};

}  // namespace hsmfront::runtime
