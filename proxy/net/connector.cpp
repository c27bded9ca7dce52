#include "proxy/net/connector.hpp"

#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/net/task_group.hpp"

#include <cerrno>
#include <memory>
#include <sys/socket.h>
#include <utility>

namespace hsmfront::net {
namespace {

/// Outlives the one that waits for it.
struct Search {
    Search(Executor executor, config::Endpoint target) : lookup(executor, std::move(target)) {}

    Lookup lookup;
    Event done;
    std::optional<Result<Endpoints>> answer;
};

Task<void> run(std::shared_ptr<Search> search) {
    search->answer = co_await search->lookup.run();
    search->done.notify();
}

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

Task<Result<Endpoints>> Connector::look_up(config::Endpoint target, milliseconds limit) {
    error_code ec;
    const auto literal = asio::ip::make_address(target.address, ec);
    if (!ec) {
        co_return Endpoints{tcp::endpoint(literal, target.port)};
    }
    const auto search = std::make_shared<Search>(executor_, std::move(target));
    spawn(executor_, run(search), LogException{"resolver"});
    looked_up_ = &search->done;
    co_await search->done.wait_for(limit);
    looked_up_ = nullptr;
    if (search->answer && !interrupted_) {
        co_return *search->answer;
    }
    search->lookup.give_up();
    co_return interrupted_ ? interrupted_ : make_error_code(Errc::timed_out);
}

Task<Result<Socket>> Connector::connect(config::Endpoint target, milliseconds limit) {
    const auto due = Clock::now() + limit;
    interrupted_ = {};
    const Result<Endpoints> addresses = co_await look_up(std::move(target), limit);
    if (!addresses) {
        co_return addresses.error();
    }
    error_code error = Errc::timed_out;
    for (const auto& address : *addresses) {
        const auto left = std::chrono::ceil<milliseconds>(due - Clock::now());
        if (left.count() <= 0 || interrupted_) {
            break;
        }
        Result<Socket> connected = co_await connect(address, left);
        if (connected) {
            co_return std::move(*connected);
        }
        error = connected.error();
    }
    co_return interrupted_ ? interrupted_ : error;
}

void Connector::interrupt(error_code reason) noexcept {
    if (io_ != nullptr || looked_up_ != nullptr) {
        interrupted_ = reason;
    }
    if (io_ != nullptr) {
        io_->interrupt(reason);
    }
    if (looked_up_ != nullptr) {
        looked_up_->notify();
    }
}

Task<Result<Socket>> connect(
    Executor executor, tcp::endpoint target, milliseconds limit, std::optional<tcp::endpoint> source
) {
    Connector connector(executor);
    Result<Socket> socket = co_await connector.connect(target, limit, source);
    co_return socket;
}

}  // namespace hsmfront::net
