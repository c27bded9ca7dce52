#include "proxy/admin/control_socket.hpp"

#include "proxy/admin/socket_owner.hpp"
#include "proxy/log/component.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <openssl/crypto.h>

#include <array>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hsmfront::admin {
namespace {

using certs::Failure;
using certs::Loaded;

/// More at once than operators and monitoring can want.
constexpr std::size_t most_connections = 16;
constexpr net::milliseconds request_limit{10'000};
constexpr net::milliseconds accept_pause{100};

Failure failure(const std::filesystem::path& path, const std::string& what, const error_code& ec) {
    return {ec, "admin.socket " + path.string() + ": " + what + ": " + ec.message()};
}

bool may_ask(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == ::geteuid());
}

}  // namespace

/// One connection, and the answer that another thread may give.
struct ControlSocket::Exchange {
    explicit Exchange(Connection connection) : socket(std::move(connection)) {}
    ~Exchange() { OPENSSL_cleanse(input.data(), input.size()); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    Connection socket;
    net::Event answered;
    std::optional<ControlReply> reply;
    bool ended = false;
    std::array<char, max_head + max_pin> input{};  ///< may hold a PIN
    std::size_t filled = 0;
};

ControlSocket::ControlSocket(
    net::asio::io_context& context, std::filesystem::path path, Handler handler
)
    : path_(std::move(path)),
      handler_(std::move(handler)),
      executor_(context.get_executor()),
      listener_(context),
      tasks_(context.get_executor()) {}

ControlSocket::~ControlSocket() { close(); }

Loaded<std::unique_ptr<ControlSocket>> ControlSocket::open(
    net::asio::io_context& context,
    const std::filesystem::path& path,
    const std::string& owner,
    Handler handler,
    net::Descriptor inherited
) {
    std::unique_ptr<ControlSocket> made(new ControlSocket(context, path, std::move(handler)));
    error_code ec;
    if (inherited) {
        (void)made->listener_.assign(Protocol(), inherited.get(), ec);
        if (ec) {
            return failure(path, "cannot be taken over", ec);
        }
        (void)inherited.release();
        return made;
    }
    if ((ec = remove_left_over(context, path))) {
        const bool served = ec == boost::system::errc::address_in_use;
        return failure(path, served ? "another hsmfront serves it" : "too long for a socket", ec);
    }
    const Protocol::endpoint endpoint(path.string());
    (void)made->listener_.open(endpoint.protocol(), ec);
    const mode_t before = ::umask(0177);
    (void)made->listener_.bind(endpoint, ec);
    (void)::umask(before);
    made->bound_ = !ec;
    if (ec) {
        return failure(path, "cannot bind", ec);
    }
    if (const error_code given = give_to(path, owner)) {
        return failure(path, "cannot give it to user " + owner, given);
    }
    (void)made->listener_.listen(static_cast<int>(most_connections), ec);
    if (ec) {
        return failure(path, "cannot listen", ec);
    }
    return made;
}

void ControlSocket::serve() { tasks_.spawn(accept_loop(), "admin socket"); }

Result<net::Descriptor> ControlSocket::duplicate() {
    return net::Descriptor::duplicate_of(listener_.native_handle());
}

void ControlSocket::leave() {
    bound_ = false;
    error_code ignored;
    // Not close(), after which Asio's epoll would still have what another process holds.
    const net::Descriptor closing(listener_.release(ignored));
}

void ControlSocket::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    error_code ignored;
    (void)listener_.close(ignored);
    for (const auto& exchange : exchanges_) {
        if (exchange->reply) {
            continue;  // its answer may be what ends this process
        }
        exchange->ended = true;
        (void)exchange->socket.close(ignored);
        exchange->answered.notify();
    }
    if (bound_) {
        (void)::unlink(path_.c_str());
    }
}

net::Task<void> ControlSocket::accept_loop() {
    net::Timer pause(executor_);
    while (listener_.is_open()) {
        auto [ec, socket] = co_await listener_.async_accept(net::as_tuple);
        if (!listener_.is_open()) {
            co_return;
        }
        if (ec || exchanges_.size() >= most_connections) {
            pause.expires_after(accept_pause);
            co_await pause.async_wait(net::as_tuple);
        }
        if (!ec && exchanges_.size() < most_connections && may_ask(socket.native_handle())) {
            auto exchange = std::make_shared<Exchange>(std::move(socket));
            exchanges_.push_back(exchange);
            tasks_.spawn(serve(std::move(exchange)), "admin connection");
        }
    }
}

net::Task<void> ControlSocket::serve(std::shared_ptr<Exchange> exchange) {
    co_await converse(exchange);
    error_code ignored;
    (void)exchange->socket.close(ignored);
    exchanges_.remove(exchange);
}

net::Task<void> ControlSocket::converse(std::shared_ptr<Exchange> exchange) {
    Exchange& x = *exchange;
    net::Timer limit(executor_, request_limit);
    limit.async_wait([exchange](const error_code& ec) {
        error_code ignored;
        if (!ec) {
            (void)exchange->socket.close(ignored);
        }
    });
    std::optional<RequestHead> head;
    std::size_t begin = 0;
    while (!head || x.filled < begin + head->size) {
        if (x.filled == x.input.size()) {
            co_return;
        }
        const auto room = net::asio::buffer(x.input.data() + x.filled, x.input.size() - x.filled);
        const auto [ec, size] = co_await x.socket.async_read_some(room, net::as_tuple);
        if (ec) {
            co_return;
        }
        x.filled += size;
        const std::string_view bytes(x.input.data(), x.filled);
        const auto end = bytes.find('\n');
        if (head || end == std::string_view::npos) {
            continue;
        }
        head = parse_request_head(bytes.substr(0, end));
        begin = end + 1;
        if (!head) {
            log::admin.warn("admin socket: a request that is none");
            co_return;
        }
    }
    limit.cancel();
    ControlRequest request{head->verb, certs::Secret({x.input.data() + begin, head->size})};
    handler_(std::move(request), [exchange, executor = executor_](ControlReply reply) {
        net::asio::post(executor, [exchange, reply = std::move(reply)]() mutable {
            exchange->reply = std::move(reply);
            exchange->answered.notify();
        });
    });
    co_await x.answered.wait();
    if (x.ended || !x.reply) {
        co_return;
    }
    const std::string text = answer(*x.reply);
    limit.expires_after(request_limit);
    limit.async_wait([exchange](const error_code& ec) {
        error_code ignored;
        if (!ec) {
            (void)exchange->socket.close(ignored);
        }
    });
    co_await net::asio::async_write(x.socket, net::asio::buffer(text), net::as_tuple);
}

}  // namespace hsmfront::admin
