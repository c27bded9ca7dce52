// OcspClient: asks OCSP responders, by HTTP on connections of its own.
#pragma once

#include "certs/ocsp_exchange.hpp"
#include "proxy/net/executor.hpp"

#include <cstddef>
#include <vector>

namespace hsmfront::runtime {

/// Lives on one loop. No proxy is used, whatever the environment says.
class OcspClient {
  public:
    using Answer = certs::Loaded<std::vector<unsigned char>>;

    explicit OcspClient(net::Executor executor) : executor_(executor) {}

    /// Asks `responder`, at each of its addresses in turn, within `limit`; only a name that nobody
    /// resolves may take as long as the system's resolver does. Errc: ocsp_unusable, with the
    /// reason in words.
    [[nodiscard]] net::Task<Answer> ask(
        certs::ResponderUrl responder, certs::OcspRequestPtr request, net::milliseconds limit
    );

    /// Look-ups of names under way: the loop cannot be destroyed before they return.
    [[nodiscard]] std::size_t resolving() const noexcept { return resolving_; }

  private:
    [[nodiscard]] net::Task<Result<std::vector<net::tcp::endpoint>>> resolve(
        certs::ResponderUrl responder
    );

    net::Executor executor_;
    std::size_t resolving_ = 0;
};

}  // namespace hsmfront::runtime
