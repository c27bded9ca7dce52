// Check: what can be said about a valid configuration without touching the HSM.
#pragma once

#include "config/problem.hpp"
#include "config/settings.hpp"

#include <chrono>
#include <vector>

namespace hsmfront::runtime {

/// Finds missing or malformed certificates and key files, keys of other certificates, expired and
/// soon expiring certificates (as of `now`), unusable TLS settings, a missing PKCS#11 module, and
/// ports that cannot be bound, HTTP backends whose names do not resolve, and trust in every client.
/// Warnings are what does not keep the proxy from starting.
[[nodiscard]] std::vector<config::Problem> check(
    const config::Settings& settings, std::chrono::system_clock::time_point now
);

}  // namespace hsmfront::runtime
