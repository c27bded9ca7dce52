// PortRange: the passive ports, lent to one data connection each.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "proxy/net/socket.hpp"

#include <chrono>
#include <mutex>
#include <vector>

namespace hsmfront::net {

/// Shared by all workers. Ports are lent at random, first those that came back at least `rest` ago,
/// so that a late connection does not meet another session's transfer; with none of these left, the
/// one that has rested longest: a small range under load must not refuse transfers.
class PortRange {
  public:
    static constexpr milliseconds rest{1000};

    explicit PortRange(config::PortRange range);

    /// A port of the range and its listening acceptor. The port goes back when the loan ends.
    class Loan {
      public:
        Loan(PortRange& range, std::uint16_t port, Acceptor listening)
            : listener(std::move(listening)), range_(&range), port_(port) {}
        Loan(Loan&& other) noexcept
            : listener(std::move(other.listener)), range_(other.range_), port_(other.port_) {
            other.range_ = nullptr;
        }
        Loan& operator=(Loan&&) = delete;
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        ~Loan();
        [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

        Listener listener;

      private:
        PortRange* range_;
        std::uint16_t port_;
    };

    /// Listens on a free port at `address`. Ports that another process holds are passed over.
    /// Errc: no_port; system errors other than address_in_use.
    [[nodiscard]] Result<Loan> lend(Executor executor, const asio::ip::address& address);

  private:
    struct Slot {
        std::uint16_t port;
        bool lent = false;
        Clock::time_point rested_at;
    };

    void give_back(std::uint16_t port) noexcept;
    /// Tries the free ports that have rested, from a random one on. Errc: as lend().
    [[nodiscard]] Result<Loan> lend_rested(Executor executor, const asio::ip::address& address);
    /// Free ports that have not rested, those first that did the longest.
    [[nodiscard]] std::vector<Slot*> resting();
    /// The port of `slot`, or address_in_use. Errc: system errors.
    [[nodiscard]] Result<Loan> lend_slot(
        Slot& slot, Executor executor, const asio::ip::address& address
    );

    std::mutex mutex_;
    std::vector<Slot> slots_;
};

}  // namespace hsmfront::net
