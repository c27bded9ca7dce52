// BackendAddresses: where a backend server is found: its literal address, or what its name resolves
// to, asked again from time to time.
#pragma once

#include "config/settings.hpp"
#include "proxy/net/connector.hpp"
#include "proxy/net/event.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace hsmfront::http {

/// What one coroutine waits with while it looks for a backend, so that it can be interrupted in
/// each of its waits, for good.
class BackendWait final : public net::Interruptible {
  public:
    explicit BackendWait(net::Executor executor)
        : wake_(std::make_shared<net::Event>()), connector_(executor) {}

    [[nodiscard]] const std::shared_ptr<net::Event>& wake() const noexcept { return wake_; }
    [[nodiscard]] net::Connector& connector() noexcept { return connector_; }
    [[nodiscard]] const error_code& interrupted() const noexcept { return interrupted_; }
    void interrupt(error_code reason) noexcept override;

  private:
    std::shared_ptr<net::Event> wake_;
    net::Connector connector_;
    error_code interrupted_;
};

/// Of one server, for one worker. A name is resolved at once and then every `lifetime`, beside the
/// requests: they wait for the first answer only, and the last good answer holds while the resolver
/// works or fails.
class BackendAddresses {
  public:
    using List = std::vector<net::tcp::endpoint>;
    using Lookup = std::function<net::Task<Result<List>>(net::Executor, config::Endpoint)>;

    /// `lookup` is getaddrinfo(3) in a thread of Asio's if none is given.
    BackendAddresses(
        net::Executor executor,
        config::Endpoint endpoint,
        net::milliseconds lifetime,
        Lookup lookup = {}
    );
    ~BackendAddresses();
    BackendAddresses(const BackendAddresses&) = delete;
    BackendAddresses& operator=(const BackendAddresses&) = delete;

    /// The one that took a connection last stands first. Errc: timed_out, the resolver's, the
    /// reason of an interruption.
    [[nodiscard]] net::Task<Result<List>> get(BackendWait& wait, net::milliseconds limit);
    [[nodiscard]] bool contains(const net::tcp::endpoint& address) const;
    void prefer(const net::tcp::endpoint& address);

  private:
    struct State;
    static net::Task<void> keep_resolving(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;  ///< shared with keep_resolving() only
};

/// Tries the addresses in turn, each for its part of `limit`. Errc: timed_out, the reason of an
/// interruption, system errors.
[[nodiscard]] net::Task<Result<net::Socket>> connect(
    std::shared_ptr<BackendAddresses> addresses, BackendWait& wait, net::milliseconds limit
);

}  // namespace hsmfront::http
