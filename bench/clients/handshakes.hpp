// Load of handshakes: connect, handshake, close_notify, and the next.
#pragma once

#include "bench/clients/options.hpp"

namespace hsmfront::bench {

/// Words: to, tls, concurrency, resume (0 | 1), seconds, wait. Prints handshakes done, resumed and
/// failed, and the latency from connect to the end of the handshake. Throws std::exception.
void run_handshakes(Options& options);

}  // namespace hsmfront::bench
