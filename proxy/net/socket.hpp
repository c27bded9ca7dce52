// Socket: a TCP socket that its loop's Poller watches.
#pragma once

#include "config/result.hpp"
#include "proxy/net/descriptor.hpp"
#include "proxy/net/executor.hpp"
#include "proxy/net/poller.hpp"

#include <boost/asio/basic_stream_socket.hpp>

#include <memory>
#include <sys/socket.h>

namespace hsmfront::net {

/// Owned and non-blocking. Moving it leaves a closed one behind; what it is known to be ready for
/// moves with it. Options are Asio's.
class Socket {
  public:
    /// Closed.
    explicit Socket(Executor executor) noexcept : executor_(executor) {}
    /// Takes a descriptor over that is non-blocking.
    Socket(Executor executor, int fd)
        : executor_(executor), watched_(std::make_unique<Watched>(Loop::of(executor), fd)) {}
    Socket(Loop& loop, int fd)
        : executor_(loop.executor()), watched_(std::make_unique<Watched>(loop, fd)) {}
    /// Takes over what Asio accepted or connected.
    Socket(asio::basic_stream_socket<tcp, Executor>&& socket
    );  // NOLINT(google-explicit-constructor)

    [[nodiscard]] Executor get_executor() const noexcept { return executor_; }
    [[nodiscard]] bool is_open() const noexcept { return native_handle() >= 0; }
    [[nodiscard]] int native_handle() const noexcept { return watched_ ? watched_->fd() : -1; }
    /// Not of a closed one.
    [[nodiscard]] Watched& watched() const noexcept { return *watched_; }

    template <class Option>
    void set_option(const Option& option, error_code& ec) {
        const tcp any = tcp::v4();
        const int done = ::setsockopt(
            native_handle(),
            option.level(any),
            option.name(any),
            option.data(any),
            static_cast<socklen_t>(option.size(any))
        );
        ec = done == 0 ? error_code() : last_error();
    }
    /// Unspecified, and `ec` set, when the connection is gone.
    [[nodiscard]] tcp::endpoint remote_endpoint(error_code& ec) const;
    [[nodiscard]] tcp::endpoint local_endpoint(error_code& ec) const;
    /// Urgent data comes in its place among the rest (socket(7), SO_OOBINLINE).
    void keep_urgent_inline() noexcept;
    /// FIN.
    [[nodiscard]] error_code shutdown_send() noexcept;
    /// Ends waits.
    void close() noexcept;

  private:
    [[nodiscard]] static error_code last_error() noexcept;

    Executor executor_;
    std::unique_ptr<Watched> watched_;
};

/// A socket that listens. Moving it leaves a closed one behind.
class Listener {
  public:
    /// Takes over what Asio bound and let listen.
    explicit Listener(Acceptor&& acceptor);

    [[nodiscard]] bool is_open() const noexcept { return watched_ && watched_->fd() >= 0; }
    [[nodiscard]] Executor get_executor() const noexcept { return executor_; }
    [[nodiscard]] tcp::endpoint local_endpoint(error_code& ec) const;
    /// A connection that is there, from `peer`. Errc: system errors; would_block: there is none.
    [[nodiscard]] Result<Socket> try_accept(tcp::endpoint& peer) noexcept;
    /// The same, once there is one. Errc: operation_aborted by close() and cancel().
    [[nodiscard]] Task<Result<Socket>> accept(tcp::endpoint& peer);
    void cancel() noexcept { watched_->wake(); }
    void close() noexcept;
    /// Closes a socket that another process may have too, which goes on accepting.
    void leave() noexcept;
    /// Another descriptor of the same socket, for another process. Errc: system errors.
    [[nodiscard]] Result<Descriptor> duplicate() const noexcept;

  private:
    Executor executor_;
    std::unique_ptr<Watched> watched_;
};

}  // namespace hsmfront::net
