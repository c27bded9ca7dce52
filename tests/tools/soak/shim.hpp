// Shim: between proxy and FTP server; cuts and stalls their connections at random.
#pragma once

#include "tests/tools/soak/connection.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <thread>

namespace soak {

/// Relays control connections to `backend`, and the data connections that its EPSV replies name.
/// One connection in some is reset on both sides after a random number of bytes, or stalls for a
/// while.
class Shim {
  public:
    /// Listens at `port`.
    Shim(std::uint16_t port, std::uint16_t backend, std::uint64_t seed);
    /// Ends when no connection is left.
    ~Shim();
    Shim(const Shim&) = delete;
    Shim& operator=(const Shim&) = delete;

    /// Lets everything pass from now on.
    void calm() { calm_ = true; }
    [[nodiscard]] long control_cuts() const { return control_cuts_; }
    [[nodiscard]] long data_cuts() const { return data_cuts_; }
    [[nodiscard]] long data_connections() const { return data_connections_; }

  private:
    /// What happens to one connection.
    struct Fate {
        std::size_t cut_after;    ///< bytes in either direction
        std::size_t stall_after;  ///< likewise, once
    };
    enum class Kind { control, data };

    void accept();
    void relay(Socket& proxy, std::uint16_t port, Kind kind);
    [[nodiscard]] Socket accept_data(const Socket& listener) const;
    void lend_data_port(std::string& reply);
    [[nodiscard]] Fate fate(Kind kind);
    void spawn(std::function<void()> task);

    Socket listener_;
    std::uint16_t backend_;
    std::mutex mutex_;
    std::mt19937_64 random_;
    std::size_t running_ = 0;  ///< tasks, each on a thread of its own
    std::condition_variable ended_;
    std::atomic<bool> calm_ = false;
    std::atomic<bool> stop_ = false;
    std::atomic<long> control_cuts_ = 0;
    std::atomic<long> data_cuts_ = 0;
    std::atomic<long> data_connections_ = 0;
    std::thread acceptor_;
};

}  // namespace soak
