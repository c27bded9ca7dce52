// Connector: a TCP connection to a backend or, in active mode, to a client.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "proxy/net/socket_io.hpp"

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

/// Connects for somebody who can be interrupted meanwhile. One connect at a time.
class Connector final : public Interruptible {
  public:
    explicit Connector(Executor executor) : executor_(executor) {}

    /// As the function. Errc: also the reason of an interruption.
    [[nodiscard]] Task<Result<Socket>> connect(
        tcp::endpoint target, milliseconds limit, std::optional<tcp::endpoint> source = std::nullopt
    );
    /// Ends the connect that is under way; none: does nothing.
    void interrupt(error_code reason) noexcept override;

  private:
    Executor executor_;
    SocketIo* io_ = nullptr;  ///< while it waits
};

}  // namespace hsmfront::net
