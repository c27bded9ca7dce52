// BackendSearch: the backend connection for one request, and for its retry.
#pragma once

#include "proxy/http/backend_pool.hpp"
#include "proxy/net/transport.hpp"

#include <memory>

namespace hsmfront::http {

/// Lives as long as its request.
class BackendSearch final : public net::Interruptible {
  public:
    /// `backends` outlives it.
    explicit BackendSearch(BackendPool& backends) : backends_(backends) {}

    enum class Kind {
        any,   ///< an idle one that still stands, else a new one
        fresh  ///< a new one: what an idle one was sent may have been lost
    };
    /// May be called again: servers that this search has tried before come last. Errc: timed_out,
    /// refused (no server may be asked, or the wait for one was too long), the reason of an
    /// interruption, system errors.
    [[nodiscard]] net::Task<Result<std::unique_ptr<BackendConnection>>> next(Kind kind);
    /// Keeps a connection whose last response is complete and that stays open. Any other one is
    /// just destroyed.
    void give_back(std::unique_ptr<BackendConnection> connection);
    /// Ends next() and all that follow.
    void interrupt(error_code reason) noexcept override;

  private:
    BackendPool& backends_;
    error_code interrupted_;
};

}  // namespace hsmfront::http
