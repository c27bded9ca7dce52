// Transport: a byte stream with a peer, plain or TLS. Non-blocking tries plus one wait, so that a
// buffer is held only while there are bytes for it.
#pragma once

#include "config/result.hpp"
#include "proxy/net/buffer_pool.hpp"
#include "proxy/net/executor.hpp"
#include "proxy/net/poller.hpp"

#include <cstddef>
#include <span>
#include <string_view>

namespace hsmfront::net {

/// What a deadline or a stop can end: an awaited operation returns `reason`, as do all later ones.
class Interruptible {
  public:
    virtual ~Interruptible() = default;
    virtual void interrupt(error_code reason) noexcept = 0;
    /// Another process takes what is new. Ends where its protocol lets it end without a loss, in
    /// its own time; nothing else changes.
    virtual void retire() noexcept {}
};

/// Outcome of one non-blocking attempt.
struct Attempt {
    enum class State {
        done,        ///< `bytes` > 0 were moved
        want_read,   ///< nothing moved: wait(Direction::read), then try again
        want_write,  ///< nothing moved: wait(Direction::write), then try again
        failed,      ///< see `error`; a clean end of input is Errc::eof
    };
    State state = State::done;
    std::size_t bytes = 0;
    error_code error;
};

/// One connection. Lives on one worker; not thread-safe. At most one reader and one writer at a
/// time. Destroying it closes it without ceremony (TLS: no close_notify).
class Transport : public Interruptible {
  public:
    /// Moves what can be moved now, up to the buffer's size.
    [[nodiscard]] virtual Attempt try_read(std::span<char> buffer) = 0;
    /// Accepts as many bytes as the socket takes now. After want_* the next call must begin with
    /// the same bytes.
    [[nodiscard]] virtual Attempt try_write(std::span<const char> bytes) = 0;
    /// Waits until the socket is ready, or interrupted (returns the reason).
    [[nodiscard]] virtual Task<error_code> wait(Direction direction) = 0;
    /// Says that no more bytes follow: FIN; on TLS close_notify, then FIN. Reading goes on.
    [[nodiscard]] virtual Task<error_code> shutdown_send() = 0;
    /// Closes at once so that the peer sees a broken connection (RST, no close_notify), never an
    /// orderly end. For truncated content.
    virtual void reset() noexcept = 0;
    /// Closes; what was written is still delivered by the kernel.
    virtual void close() noexcept = 0;
    /// Undoes an interruption, so that a last message can be sent.
    virtual void resume() noexcept = 0;
    [[nodiscard]] virtual tcp::endpoint peer() const = 0;
    [[nodiscard]] virtual tcp::endpoint local() const = 0;
};

/// Waits for bytes and reads at least one. Errc: eof, truncated, timed_out, stopped, system errors.
[[nodiscard]] Task<Result<std::size_t>> read_some(Transport& transport, std::span<char> buffer);

/// As read_some, into a buffer borrowed only once bytes are there. The lease's size() is the count.
[[nodiscard]] Task<Result<Lease>> read_lease(Transport& transport, BufferPool& pool);

/// Writes everything, or returns why not.
[[nodiscard]] Task<error_code> write_all(Transport& transport, std::span<const char> bytes);
[[nodiscard]] Task<error_code> write_all(Transport& transport, std::string_view text);

}  // namespace hsmfront::net
