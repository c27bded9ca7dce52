#include "proxy/tls/handshake_counters.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace hsmfront::tls {

HandshakeTotals::Done HandshakeTotals::all_done() const noexcept {
    Done all;
    for (const Done& version : done) {
        all.full += version.full;
        all.resumed += version.resumed;
    }
    return all;
}

std::uint64_t HandshakeTotals::all_failed() const noexcept {
    return std::accumulate(failed.begin(), failed.end(), std::uint64_t{0});
}

void HandshakeCounters::count_done(std::string_view version, bool resumed) noexcept {
    const auto* const found = std::find(served_versions.begin(), served_versions.end(), version);
    if (found != served_versions.end()) {
        const auto index = static_cast<std::size_t>(found - served_versions.begin());
        (resumed ? resumed_ : full_)[index].fetch_add(1, std::memory_order_relaxed);
    }
}

void HandshakeCounters::count_failed(HandshakeCause cause) noexcept {
    failed_[static_cast<std::size_t>(cause)].fetch_add(1, std::memory_order_relaxed);
}

HandshakeTotals HandshakeCounters::totals() const noexcept {
    HandshakeTotals totals;
    for (std::size_t i = 0; i < served_versions.size(); ++i) {
        totals.done[i] = {
            full_[i].load(std::memory_order_relaxed), resumed_[i].load(std::memory_order_relaxed)};
    }
    for (std::size_t i = 0; i < failed_.size(); ++i) {
        totals.failed[i] = failed_[i].load(std::memory_order_relaxed);
    }
    return totals;
}

}  // namespace hsmfront::tls
