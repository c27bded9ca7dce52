// Connector: a TCP connection to a backend or, in active mode, to a client.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "proxy/net/executor.hpp"

#include <optional>

namespace hsmfront::net {

/// Resolves `target` (literal addresses without a resolver) and tries its addresses in order, all
/// within `limit`. Errc: timed_out, or the last system error.
[[nodiscard]] Task<Result<Socket>> connect(
    Executor executor, config::Endpoint target, milliseconds limit
);

/// Connects to exactly `target`, from `source` if given (address and port; SO_REUSEADDR).
[[nodiscard]] Task<Result<Socket>> connect(
    Executor executor,
    tcp::endpoint target,
    milliseconds limit,
    std::optional<tcp::endpoint> source = std::nullopt
);

}  // namespace hsmfront::net
