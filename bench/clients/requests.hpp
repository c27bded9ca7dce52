// Load of requests on kept connections.
#pragma once

#include "bench/clients/options.hpp"

namespace hsmfront::bench {

/// Words: to, tls, http (1.1 | 2), path, upload (bytes of each request's content), connections,
/// streams (requests at a time on each connection of HTTP/2), in_flight (requests at a time on all
/// of them together), rate (requests a second; 0: the next when one is answered), seconds, wait.
/// Prints requests, bytes of content, and the latency. With a rate it counts from the time at which
/// a request was due, whether or not a connection was free then. Throws std::exception.
void run_requests(Options& options);

}  // namespace hsmfront::bench
