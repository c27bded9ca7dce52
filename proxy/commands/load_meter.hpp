// LoadMeter: how many signatures a key can make in a second, through the signer pool that serves.
#pragma once

#include "certs/remote_key.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace hsmfront::commands {

struct LoadResult {
    std::size_t signatures = 0;
    std::size_t failures = 0;
    error_code last_failure;
    std::chrono::duration<double> elapsed{};
    std::vector<std::chrono::nanoseconds> latencies;  ///< sorted, of good signatures

    [[nodiscard]] double per_second() const;
    /// Of `share` (0.5, 0.9, …) of the signatures took at most this; 0 if there were none.
    [[nodiscard]] std::chrono::duration<double, std::milli> percentile(double share) const;
};

/// The request that a TLS handshake makes of such a key.
[[nodiscard]] certs::SignRequest handshake_request(
    certs::KeyType type, const certs::SignCapabilities& capabilities
);

/// Keeps `parallel` signatures going for `duration`; calls `progress` with 0 to 1 now and then, on
/// the calling thread. Blocks until the last signature is back.
[[nodiscard]] LoadResult measure_load(
    certs::RemoteKey& key,
    std::size_t parallel,
    std::chrono::milliseconds duration,
    const std::function<void(double)>& progress
);

}  // namespace hsmfront::commands
