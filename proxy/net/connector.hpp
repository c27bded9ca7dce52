// Connector: a TCP connection to a backend or, in active mode, to a client.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "proxy/net/event.hpp"
#include "proxy/net/resolver.hpp"
#include "proxy/net/socket_io.hpp"

#include <optional>

namespace hsmfront::net {

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
    /// Looks `target` up (literal addresses without a resolver) and tries its addresses in order,
    /// all within `limit`, whatever the resolver does. Errc: timed_out, the resolver's, the reason
    /// of an interruption, or the last system error.
    [[nodiscard]] Task<Result<Socket>> connect(config::Endpoint target, milliseconds limit);
    /// Ends the connect that is under way; none: does nothing.
    void interrupt(error_code reason) noexcept override;

  private:
    [[nodiscard]] Task<Result<Endpoints>> look_up(config::Endpoint target, milliseconds limit);

    Executor executor_;
    SocketIo* io_ = nullptr;      ///< while it waits
    Event* looked_up_ = nullptr;  ///< likewise
    error_code interrupted_;      ///< while it looked for a name's addresses, or tried them
};

}  // namespace hsmfront::net
