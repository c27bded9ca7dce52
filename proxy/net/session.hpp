// What every session is given: its worker's resources and where its client came from.
#pragma once

#include "proxy/net/buffer_pool.hpp"
#include "proxy/net/executor.hpp"
#include "proxy/net/session_facts.hpp"
#include "proxy/net/socket.hpp"
#include "proxy/net/transport.hpp"

#include <cstdint>
#include <list>
#include <optional>

namespace hsmfront::net {

/// The sessions of one worker that a drain or stop must reach. Not thread-safe.
class SessionRegistry {
    struct Member {
        Interruptible* session;
        const Described* described;  ///< null: part of a session that is on the list itself
    };

  public:
    /// Puts a session on the list for as long as it lives.
    class Entry {
      public:
        Entry(SessionRegistry& registry, Interruptible& session);
        ~Entry();
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;

        /// From now on list() has it. `session` outlives the entry, or is taken back by null.
        void describe(const Described* session) noexcept { position_->described = session; }

      private:
        SessionRegistry& registry_;
        std::list<Member>::iterator position_;
    };

    [[nodiscard]] std::size_t size() const noexcept { return sessions_.size(); }
    /// False from retire() or drain() on: nothing is begun that could go elsewhere.
    [[nodiscard]] bool serving() const noexcept { return phase_ == Phase::serving; }
    /// Sessions end in their own time.
    void retire() noexcept;
    /// Drain: idle sessions should end now, busy ones after what they are doing.
    [[nodiscard]] bool draining() const noexcept { return phase_ == Phase::draining; }
    void drain() noexcept;
    /// Interrupts every session with `reason`.
    void interrupt_all(error_code reason) noexcept;
    /// The sessions that describe themselves, `most` of them in full.
    [[nodiscard]] SessionList list(std::size_t most) const;

  private:
    enum class Phase { serving, retiring, draining };

    std::list<Member> sessions_;
    Phase phase_ = Phase::serving;
};

/// One for each worker; outlives its sessions.
struct WorkerContext {
    Executor executor;
    BufferPool& buffers;
    SessionRegistry& sessions;
};

/// The ends of a TCP connection that came through a balancer: the balancer's and ours.
struct Hop {
    tcp::endpoint peer;
    tcp::endpoint local;
};

/// A connection as accepted.
struct Accepted {
    Socket socket;
    tcp::endpoint peer;   ///< the client; of `via`, it is the PROXY header's source
    tcp::endpoint local;  ///< what the client dialled; of `via`, the PROXY header's destination
    /// Stands in every log line of the session and in PROXY v2 headers to its backend. Ids grow
    /// over restarts too: a process counts from (whole seconds since 2024-01-01 at its start) *
    /// 100000, and stays below 2^53, so that JSON numbers hold them.
    std::uint64_t id = 0;
    std::optional<Hop> via = std::nullopt;  ///< set when the connection began with a PROXY header

    /// Ours: an address that can be bound.
    [[nodiscard]] const tcp::endpoint& own() const { return via ? via->local : local; }
};

}  // namespace hsmfront::net
