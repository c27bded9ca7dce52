// BackendServer: one backend server as all workers know it.
#pragma once

#include "proxy/http/backend_health.hpp"
#include "proxy/http/backend_queue.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace hsmfront::http {

/// Since the server was first configured.
struct BackendCounters {
    std::atomic<std::uint64_t> requests = 0;           ///< connections given to a request
    std::atomic<std::uint64_t> failures = 0;           ///< failed connects and failed requests
    std::atomic<std::uint64_t> retries = 0;            ///< requests that had failed elsewhere
    std::atomic<std::uint64_t> queue_waits = 0;        ///< requests that waited for a place
    std::atomic<std::uint64_t> busy_microseconds = 0;  ///< sum of the requests' durations
};

/// Thread-safe. Carried over by a reload while it is configured.
class BackendServer {
  public:
    BackendServer(config::Endpoint endpoint, std::shared_ptr<BackendQueue> queue);

    [[nodiscard]] const config::Endpoint& endpoint() const noexcept { return endpoint_; }
    /// "address:port".
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] BackendHealth& health() noexcept { return health_; }
    [[nodiscard]] BackendCounters& counters() noexcept { return counters_; }
    [[nodiscard]] BackendQueue& queue() noexcept { return *queue_; }

    /// Requests that are with it now.
    [[nodiscard]] std::size_t active() const noexcept { return active_.load(); }
    /// A place for one more; false if `max` are with it. No maximum: 0.
    [[nodiscard]] bool take(std::size_t max) noexcept;
    /// Gives a place back, to who waits for it.
    void release();

  private:
    const config::Endpoint endpoint_;
    const std::string name_;
    const std::shared_ptr<BackendQueue> queue_;
    BackendHealth health_;
    BackendCounters counters_;
    std::atomic<std::size_t> active_ = 0;
};

/// One request's place with a server; given back when it ends. The server and the settings outlive
/// it. On the worker's thread.
class BackendUse {
  public:
    BackendUse() noexcept = default;
    /// Takes over a place that was taken.
    BackendUse(BackendServer& server, const config::HttpHealth& settings) noexcept;
    BackendUse(BackendUse&& other) noexcept;
    BackendUse& operator=(BackendUse&& other) noexcept;
    ~BackendUse() { end(); }
    BackendUse(const BackendUse&) = delete;
    BackendUse& operator=(const BackendUse&) = delete;

    /// Makes this request the one that tries a server which is down; false if none may now.
    [[nodiscard]] bool begin_trial();
    /// A valid response has begun. Brings a server back that was down.
    void answered();
    /// The exchange went over whole: failures before it were not in a row.
    void completed();
    [[nodiscard]] bool has_answered() const noexcept { return answered_; }
    /// The server's fault. `reason` is for the log.
    void failed(std::string_view reason);
    void end();

  private:
    BackendServer* server_ = nullptr;
    const config::HttpHealth* settings_ = nullptr;
    net::Clock::time_point since_;
    bool trial_ = false;
    bool answered_ = false;
};

}  // namespace hsmfront::http
