#include "proxy/net/connector.hpp"

#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"

#include <boost/asio/ip/basic_resolver.hpp>

#include <cerrno>
#include <string>
#include <sys/socket.h>

namespace hsmfront::net {
namespace {

using Resolver = asio::ip::basic_resolver<tcp, Executor>;

class ResolverInterrupt final : public Interruptible {
  public:
    explicit ResolverInterrupt(Resolver& resolver) : resolver_(resolver) {}
    void interrupt(error_code) noexcept override { resolver_.cancel(); }

  private:
    Resolver& resolver_;
};

Result<Socket> open(
    Executor executor, const tcp::endpoint& target, const std::optional<tcp::endpoint>& source
) {
    const int fd =
        ::socket(target.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return error_code{errno, boost::system::system_category()};
    }
    Socket socket(executor, fd);
    if (source) {
        error_code ignored;
        socket.set_option(asio::socket_base::reuse_address(true), ignored);
        if (::bind(fd, source->data(), static_cast<socklen_t>(source->size())) != 0) {
            return error_code{errno, boost::system::system_category()};
        }
    }
    return socket;
}

}  // namespace

Task<Result<Socket>> Connector::connect(
    tcp::endpoint target, milliseconds limit, std::optional<tcp::endpoint> source
) {
    Result<Socket> opened = open(executor_, target, source);
    if (!opened) {
        co_return opened.error();
    }
    // Not Asio's connect(): that waits for the outcome, whatever the mode of the socket.
    const auto* address = static_cast<const sockaddr*>(target.data());
    const auto size = static_cast<socklen_t>(target.size());
    if (::connect(opened->native_handle(), address, size) == 0) {
        co_return std::move(*opened);
    }
    if (errno != EINPROGRESS) {
        co_return error_code{errno, boost::system::system_category()};
    }
    SocketIo io(std::move(*opened));
    const Deadline deadline(executor_, {&io}, limit);
    io_ = &io;
    const error_code ec = co_await io.wait(Direction::write);
    io_ = nullptr;
    if (ec) {
        co_return ec;
    }
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(io.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        co_return error_code{error, boost::system::system_category()};
    }
    co_return io.release();
}

void Connector::interrupt(error_code reason) noexcept {
    if (io_ != nullptr) {
        io_->interrupt(reason);
    }
}

Task<Result<Socket>> connect(
    Executor executor, tcp::endpoint target, milliseconds limit, std::optional<tcp::endpoint> source
) {
    Connector connector(executor);
    Result<Socket> socket = co_await connector.connect(target, limit, source);
    co_return socket;
}

Task<Result<Socket>> connect(Executor executor, config::Endpoint target, milliseconds limit) {
    const auto started = Clock::now();
    error_code ec;
    const auto literal = asio::ip::make_address(target.address, ec);
    if (!ec) {
        co_return co_await connect(executor, tcp::endpoint(literal, target.port), limit, {});
    }
    Resolver resolver(executor);
    ResolverInterrupt interrupt(resolver);
    const Deadline deadline(executor, {&interrupt}, limit);
    const std::string port = std::to_string(target.port);
    auto [error, addresses] = co_await resolver.async_resolve(
        target.address, port, asio::ip::resolver_base::numeric_service, as_tuple
    );
    if (error) {
        co_return deadline.expired() ? make_error_code(Errc::timed_out) : error;
    }
    error = make_error_code(Errc::timed_out);
    for (const auto& address : addresses) {
        const auto spent = std::chrono::duration_cast<milliseconds>(Clock::now() - started);
        if (spent >= limit) {
            break;
        }
        const tcp::endpoint endpoint = address.endpoint();
        Result<Socket> connected = co_await connect(executor, endpoint, limit - spent, {});
        if (connected) {
            co_return std::move(*connected);
        }
        error = connected.error();
    }
    co_return error;
}

}  // namespace hsmfront::net
