// BackendSearch: the backend connection for one request, and for its retry.
#pragma once

#include "proxy/http/backend_errc.hpp"
#include "proxy/http/backend_group.hpp"
#include "proxy/net/transport.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace hsmfront::http {

/// Where the requests of a client go. Both outlive whoever uses it.
struct Destination {
    BackendGroup& group;
    /// What each new connection begins with: a PROXY header, or nothing.
    std::string_view preamble = {};
};

/// Lives as long as its request.
///
/// A server that cannot be connected to is passed over for another: nothing was sent. Those that
/// are down are left alone while others can be asked. Without health checks they are asked before a
/// request fails, beginning with the one that failed the longest time ago: that they are down is a
/// guess then. With health checks they are not: a request that nobody may get is refused.
///
/// Connections that began with a preamble tell of one client and serve one request only.
class BackendSearch final : public net::Interruptible {
  public:
    explicit BackendSearch(Destination destination);

    enum class Kind {
        quick,  ///< an idle one, else a new one: a request that may be repeated
        any,    ///< the same, but the idle one is looked at
        fresh   ///< a new one: what an idle one was sent may have been lost
    };
    using Connected = Result<std::unique_ptr<BackendConnection>>;
    /// May be called again once the connection it gave was finished: servers that this search has
    /// tried before come last. Errc: BackendErrc, timed_out, the reason of an interruption, system
    /// errors.
    [[nodiscard]] net::Task<Connected> next(Kind kind);

    enum class Outcome {
        reusable,   ///< the exchange is whole, and the backend keeps the connection open
        used_up,    ///< the exchange is whole, the connection is not to be used again
        failed,     ///< the backend gave no valid response, or not the whole of it, or not in time
        abandoned,  ///< broken off for reasons that tell nothing about the backend
    };
    /// Gives a connection back. After `failed` and `abandoned` it is closed with RST: half a
    /// request must not look like a whole one.
    void finish(std::unique_ptr<BackendConnection> connection, Outcome outcome);

    /// Ends next() and all that follow.
    void interrupt(error_code reason) noexcept override { wait_.interrupt(reason); }

    /// "address:port" of the server tried last; empty: none was.
    [[nodiscard]] std::string_view server() const noexcept;

  private:
    using Member = BackendGroup::Member;
    enum class Tried : unsigned char { no, before, now };
    /// Who may be asked.
    struct Choice {
        BackendGroup::Members members;
        bool last_resort = false;  ///< although they are down
    };

    [[nodiscard]] Choice choose(net::Clock::time_point now);
    [[nodiscard]] BackendGroup::Members least_tried(BackendGroup::Members members);
    [[nodiscard]] BackendGroup::Members longest_down();
    [[nodiscard]] Tried& tried(const Member& member);

    /// A place with a server, which is `member_` then.
    [[nodiscard]] net::Task<Result<BackendUse>> reserve();
    [[nodiscard]] std::optional<BackendUse> take_free(const Choice& choice);
    [[nodiscard]] net::Task<Result<BackendUse>> stand_in_queue(const BackendGroup::Members& among);
    [[nodiscard]] bool admits(const Choice& choice, BackendUse& use);
    [[nodiscard]] net::Task<Connected> open(Kind kind, BackendUse use);
    [[nodiscard]] net::Task<Connected> idle_or_new(Kind kind);

    BackendGroup& group_;
    const std::string_view preamble_;
    BackendWait wait_;
    std::vector<Tried> tried_;                            ///< of each member
    Member* member_ = nullptr;                            ///< tried last
    bool again_ = false;                                  ///< a connection was given before
    std::optional<net::Clock::time_point> queued_until_;  ///< of all waits in the queue together
};

}  // namespace hsmfront::http
