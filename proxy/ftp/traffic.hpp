// Traffic: what the FTPS side of one worker did, for metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hsmfront::ftp {

enum class TransferKind { download, upload, listing };
inline constexpr std::array<std::string_view, 3> transfer_kinds{"download", "upload", "listing"};

/// Written by one worker, read from anywhere. Outlives reloads.
struct Traffic {
    using Counter = std::atomic<std::uint64_t>;

    struct Transfers {
        Counter complete = 0;
        Counter failed = 0;
        Counter bytes = 0;
    };

    Counter sessions = 0;
    Counter refused_logins = 0;
    std::array<Transfers, transfer_kinds.size()> transfers;

    [[nodiscard]] Transfers& of(TransferKind kind) noexcept {
        return transfers[static_cast<std::size_t>(kind)];
    }
};

/// What RETR, STOR and the like move, and in which direction (RFC 959 §4.1.3).
[[nodiscard]] inline TransferKind kind_of(std::string_view verb) noexcept {
    if (verb == "RETR") {
        return TransferKind::download;
    }
    const bool stores = verb == "STOR" || verb == "STOU" || verb == "APPE";
    return stores ? TransferKind::upload : TransferKind::listing;
}

}  // namespace hsmfront::ftp
