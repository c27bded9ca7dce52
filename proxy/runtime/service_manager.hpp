// ServiceManager: tells systemd, or who else asks for it, what the service is doing (sd_notify(3)).
#pragma once

#include "proxy/runtime/worker.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace hsmfront::runtime {

/// Does nothing unless the environment has NOTIFY_SOCKET. On the main thread.
class ServiceManager {
  public:
    /// `workers` outlive it.
    ServiceManager(
        net::asio::io_context& context, std::span<const std::unique_ptr<Worker>> workers
    );

    /// The start is done, or a reload. From the first on it also proves, if the manager wants that,
    /// that the main loop and every worker live (sd_watchdog_enabled(3)).
    void ready();
    void reloading();
    void stopping();
    /// Another process is the service from now on, with all its duties.
    void pass_on(pid_t pid);
    /// No more proofs of life; the io_context may run out of work.
    void end();

  private:
    void notify(std::string_view state) const;
    void prove();

    const std::span<const std::unique_ptr<Worker>> workers_;
    const std::string socket_;
    const std::optional<std::chrono::microseconds> interval_;
    net::asio::steady_timer timer_;
    bool proving_ = false;
    bool stopping_ = false;                              ///< workers may end before others
    std::shared_ptr<std::atomic<std::size_t>> answers_;  ///< of workers, in this round
};

}  // namespace hsmfront::runtime
