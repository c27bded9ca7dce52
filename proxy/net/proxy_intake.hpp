// ProxyIntake: connections that come through a balancer and begin with a PROXY header.
#pragma once

#include "proxy/net/networks.hpp"
#include "proxy/net/proxy_header.hpp"
#include "proxy/net/socket_io.hpp"

#include <string>

namespace hsmfront::net {

/// proxy_protocol: connections from `networks` must begin with a header, all others are never
/// looked at for one. Immutable.
struct Balancers {
    Networks networks;
    milliseconds header_limit{5000};
};

/// Reads one header from `io`, to its last byte and no further, within `limit`. Errc: HeaderErrc;
/// eof, timed_out, stopped, system errors.
[[nodiscard]] Task<Result<HeaderProgress>> receive_proxy_header(
    Executor executor, SocketIo& io, milliseconds limit
);

}  // namespace hsmfront::net
