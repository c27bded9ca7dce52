// Admission: how many connections there may be, in all and from one address, and in how much
// memory.
#pragma once

#include "config/settings.hpp"
#include "proxy/net/period_log.hpp"
#include "proxy/net/token_bucket.hpp"

#include <boost/asio/ip/address.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace hsmfront::runtime {

/// Shared by all workers; thread-safe. Asked once for each accepted connection, and once more when
/// its client is known only later.
class Admission {
  public:
    using Clock = std::chrono::steady_clock;
    using Address = boost::asio::ip::address;

    explicit Admission(const config::Limits& limits) : limits_(limits) {}

    /// Judges connections by `limits` from now on. Those that are there stay, even beyond them.
    void use(const config::Limits& limits, Clock::time_point now = Clock::now());
    /// What the process has resident, for limits.memory. Returns whether that is above it.
    bool note_memory(std::uint64_t resident);

    /// A place for one connection, given back when it ends.
    class Slot {
      public:
        explicit Slot(Admission& admission) : admission_(&admission) {}
        Slot(Slot&& other) noexcept
            : admission_(std::exchange(other.admission_, nullptr)), client_(other.client_) {}
        Slot& operator=(Slot&&) = delete;
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;
        ~Slot();

        /// Counts the connection as one of `client`, once. False when limits.per_address or
        /// limits.handshakes_per_address is used up. An IPv4 address mapped into IPv6 counts as the
        /// IPv4 address.
        [[nodiscard]] bool assign(const Address& client, Clock::time_point now = Clock::now());

      private:
        Admission* admission_;
        std::optional<Address> client_;
    };

    /// A place for a connection whose client is not known yet. None when limits.connections is used
    /// up, or limits.memory was when last looked at.
    [[nodiscard]] std::optional<Slot> admit();
    /// A place for a connection of `client`; none also where Slot::assign says no.
    [[nodiscard]] std::optional<Slot> admit(
        const Address& client, Clock::time_point now = Clock::now()
    );

    /// What a connection may be refused for, as keys below "limits".
    static constexpr std::array<std::string_view, 4> limit_keys{
        "connections", "per_address", "handshakes_per_address", "memory"};
    /// Connections refused since the start, for each of `limit_keys`. The log tells of them once a
    /// period (net::PeriodLog).
    using Refused = std::array<std::uint64_t, limit_keys.size()>;

    [[nodiscard]] std::size_t connections() const;
    [[nodiscard]] Refused refused() const;

  private:
    struct Peer {
        Peer(const config::Rate& rate, Clock::time_point now) : handshakes(rate, now) {}
        std::size_t connections = 0;
        net::TokenBucket handshakes;
    };

    [[nodiscard]] bool count_for(const Address& client, Clock::time_point now);
    void refuse(std::size_t limit, const Address* client, Clock::time_point now);
    [[nodiscard]] bool memory_used_up() const {
        return limits_.memory && resident_ > *limits_.memory;
    }
    void forget_idle_peers(Clock::time_point now);
    void give_back(const std::optional<Address>& client);

    mutable std::mutex mutex_;  ///< of all that follows
    config::Limits limits_;
    std::unordered_map<Address, Peer> peers_;
    std::size_t connections_ = 0;
    std::uint64_t resident_ = 0;
    Refused refused_{};
    std::array<net::PeriodLog, limit_keys.size()> logs_;
};

}  // namespace hsmfront::runtime
