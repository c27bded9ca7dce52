// OcspClient: asks OCSP responders, by HTTP on connections of its own.
#pragma once

#include "certs/ocsp_exchange.hpp"
#include "proxy/net/executor.hpp"
#include "proxy/net/session.hpp"

#include <cstddef>
#include <vector>

namespace hsmfront::runtime {

/// Lives on one loop. No proxy is used, whatever the environment says.
class OcspClient {
  public:
    using Answer = certs::Loaded<std::vector<unsigned char>>;

    explicit OcspClient(net::Executor executor) : executor_(executor) {}

    /// Asks `responder`, at each of its addresses in turn, within `limit`; only a name that nobody
    /// resolves may take as long as the system's resolver does. Errc: file_malformed (no answer
    /// that is one), net::Errc, system errors; the reason in words with each.
    [[nodiscard]] net::Task<Answer> ask(
        certs::ResponderUrl responder, certs::OcspRequestPtr request, net::milliseconds limit
    );

    /// Ends what is under way, but for look-ups of names.
    void interrupt() noexcept;
    /// Look-ups of names under way: the loop cannot be destroyed before they return.
    [[nodiscard]] std::size_t resolving() const noexcept { return resolving_; }

  private:
    [[nodiscard]] net::Task<Result<std::vector<net::tcp::endpoint>>> resolve(
        certs::ResponderUrl responder
    );

    [[nodiscard]] net::Task<Answer> exchange(
        net::Socket socket, certs::OcspExchange& question, net::milliseconds limit
    );

    net::Executor executor_;
    net::SessionRegistry active_;
    std::size_t resolving_ = 0;
};

}  // namespace hsmfront::runtime
