// What a client is told that speaks HTTP/1 without TLS on an HTTPS port.
#pragma once

#include "proxy/net/session.hpp"

namespace hsmfront::http {

/// Answers 400 on `socket`, from which a request has been read, and closes it. The time limits are
/// those of any connection that is closed.
[[nodiscard]] net::Task<void> answer_plain_http(net::Socket socket, net::WorkerContext& worker);

}  // namespace hsmfront::http
