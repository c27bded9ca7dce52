// GoodClient: one that must be served whatever others do.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

namespace hsmfront::test {

/// Asks for /small over HTTPS, which must be "small", again and again until it ends. `requests` of
/// them after each full handshake.
class GoodClient {
  public:
    explicit GoodClient(std::uint16_t port, int requests = 20);
    ~GoodClient();
    GoodClient(const GoodClient&) = delete;
    GoodClient& operator=(const GoodClient&) = delete;

    [[nodiscard]] long served() const { return served_; }
    [[nodiscard]] long refused() const { return refused_; }

  private:
    void run(std::uint16_t port, int requests);

    std::atomic<long> served_ = 0;
    std::atomic<long> refused_ = 0;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

}  // namespace hsmfront::test
