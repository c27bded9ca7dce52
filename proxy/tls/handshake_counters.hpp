// HandshakeCounters: how many handshakes were done and how many failed, and why.
#pragma once

#include "proxy/tls/handshake_failure.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

namespace hsmfront::tls {

/// Those that are served, as metrics and logs name them.
inline constexpr std::array<std::string_view, 2> served_versions{"TLSv1.2", "TLSv1.3"};

/// What was counted up to now.
struct HandshakeTotals {
    struct Done {
        std::uint64_t full = 0;
        std::uint64_t resumed = 0;
    };
    std::array<Done, served_versions.size()> done{};            ///< by served_versions
    std::array<std::uint64_t, handshake_cause_count> failed{};  ///< by HandshakeCause

    /// Of all versions.
    [[nodiscard]] Done all_done() const noexcept;
    [[nodiscard]] std::uint64_t all_failed() const noexcept;
};

/// Of one kind of connection, for all workers and across reloads. Any thread.
class HandshakeCounters {
  public:
    /// `version` as OpenSSL names it.
    void count_done(std::string_view version, bool resumed) noexcept;
    void count_failed(HandshakeCause cause) noexcept;
    [[nodiscard]] HandshakeTotals totals() const noexcept;

  private:
    using Counter = std::atomic<std::uint64_t>;

    std::array<Counter, served_versions.size()> full_{};
    std::array<Counter, served_versions.size()> resumed_{};
    std::array<Counter, handshake_cause_count> failed_{};
};

}  // namespace hsmfront::tls
