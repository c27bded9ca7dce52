// Resolver: the addresses of a backend's name, as the system finds them.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "proxy/net/executor.hpp"

#include <boost/asio/ip/basic_resolver.hpp>

#include <cstddef>
#include <vector>

namespace hsmfront::net {

using Endpoints = std::vector<tcp::endpoint>;

/// Looks a name up by getaddrinfo(3), in a thread that the loop has for all of its lookups, one
/// after the other. Each takes as long as the system's resolver takes.
class Lookup {
  public:
    Lookup(Executor executor, config::Endpoint target)
        : target_(std::move(target)), resolver_(executor) {}

    /// Errors: the resolver's.
    [[nodiscard]] Task<Result<Endpoints>> run();
    /// run() ends with operation_aborted: at once if its turn has not come, else when the system's
    /// resolver returns.
    void give_up() noexcept { resolver_.cancel(); }

  private:
    config::Endpoint target_;
    asio::ip::basic_resolver<tcp, Executor> resolver_;
};

/// Lookups of the process that have not come back. A loop with one cannot be destroyed before: a
/// process that is to end must do so by _exit(2). Any thread.
[[nodiscard]] std::size_t lookups() noexcept;

}  // namespace hsmfront::net
