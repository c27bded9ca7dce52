// Listeners: ports bound at start, before privileges are dropped and before any key is touched.
#pragma once

#include "certs/chain.hpp"
#include "config/address.hpp"
#include "proxy/net/descriptor.hpp"
#include "proxy/net/executor.hpp"

#include <vector>

namespace hsmfront::runtime {

/// Binds `endpoint` once for each executor (SO_REUSEPORT), without listening: until listen() a
/// client is refused, which is the truth. "::" takes both families. A port that anything else
/// listens on is refused even if that other socket has SO_REUSEPORT. The message says where.
[[nodiscard]] certs::Loaded<std::vector<net::Acceptor>> bind_listener(
    const config::Endpoint& endpoint, const std::vector<net::Executor>& executors
);

/// The same with sockets that are bound already, of which there is at least one: all are used, and
/// each executor has one. Acceptor `i` is that of executor `i` modulo their number.
[[nodiscard]] certs::Loaded<std::vector<net::Acceptor>> adopt_listener(
    const config::Endpoint& endpoint,
    const std::vector<net::Executor>& executors,
    std::vector<net::Descriptor> sockets
);

/// As the system writes it. Not for names.
[[nodiscard]] certs::Loaded<net::tcp::endpoint> native(const config::Endpoint& endpoint);

/// Whether `endpoint` can be bound now; binds nothing for longer than the question.
[[nodiscard]] certs::Loaded<void> probe(const config::Endpoint& endpoint);

}  // namespace hsmfront::runtime
