// SessionCensus: asks the workers which sessions they have.
#pragma once

#include "proxy/admin/session_status.hpp"
#include "proxy/runtime/worker.hpp"

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <list>
#include <memory>
#include <span>

namespace hsmfront::runtime {

/// All on the thread of `main`. Sessions are looked at only while somebody asks.
class SessionCensus {
  public:
    using Done = std::function<void(admin::SessionStatus)>;

    /// All references outlive it.
    SessionCensus(net::asio::io_context& main, std::span<const std::unique_ptr<Worker>> workers);

    /// Calls `done` once all workers have answered, or after a moment with those that have.
    void take(Done done);

  private:
    struct Round {
        Round(net::asio::io_context& main, Done then) : limit(main), done(std::move(then)) {}
        net::asio::steady_timer limit;
        Done done;
        admin::SessionStatus found;
    };

    void answered(const std::weak_ptr<Round>& round, net::SessionList sessions);
    void finish(const std::shared_ptr<Round>& round);

    net::asio::io_context& main_;
    const std::span<const std::unique_ptr<Worker>> workers_;
    std::list<std::shared_ptr<Round>> rounds_;
};

}  // namespace hsmfront::runtime
