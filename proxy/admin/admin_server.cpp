#include "proxy/admin/admin_server.hpp"

#include "config/address.hpp"
#include "proxy/admin/socket_owner.hpp"
#include "proxy/net/event.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hsmfront::admin {
namespace {

namespace beast_http = boost::beast::http;
using certs::Failure;
using certs::Loaded;

/// More than monitoring, balancers and people can want.
constexpr std::size_t most_clients = 64;
constexpr std::uint32_t most_head = 8192;
constexpr std::chrono::seconds patience{15};
constexpr net::milliseconds pause_after_failure{100};

std::string where(const config::AdminListen& listen) {
    return "admin.listen " +
           (listen.path.empty() ? to_string(listen.endpoint) : listen.path.string());
}

/// A page on the web whose name was made to mean 127.0.0.1 ("DNS rebinding") would be able to read
/// ours in an operator's browser; such a request has that name in Host.
bool is_known_host(std::string_view host) {
    if (host.ends_with(']')) {  // an IPv6 literal without a port
        return config::parse_address(host.substr(1, host.size() - 2)).has_value();
    }
    host = host.substr(0, host.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return host.empty() || host == "localhost" || config::parse_address(host).has_value();
}

using Request = beast_http::request<beast_http::empty_body>;
using Response = beast_http::response<beast_http::string_body>;

Page refused(unsigned status, std::string why) { return {status, Page{}.type, why += '\n'}; }

/// What the request is refused with, if it is.
std::optional<Page> refusal_of(const Request& request, bool loopback) {
    if (request.method() != beast_http::verb::get && request.method() != beast_http::verb::head) {
        return refused(405, "only GET and HEAD");
    }
    const std::string_view host(
        request[beast_http::field::host].data(), request[beast_http::field::host].size()
    );
    if (loopback && !is_known_host(host)) {
        return refused(421, "this is not the host " + std::string(host));
    }
    return std::nullopt;
}

std::string path_of(const Request& request) {
    const std::string_view target(request.target().data(), request.target().size());
    return std::string(target.substr(0, target.find('?')));
}

/// A page that may come later.
struct Awaited {
    net::Event arrived;
    Page page;
};

Response response_of(Page page, const Request& request) {
    Response response(beast_http::int_to_status(page.status), request.version());
    response.set(beast_http::field::content_type, page.type);
    response.set(beast_http::field::cache_control, "no-store");
    response.set(beast_http::field::x_frame_options, "DENY");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'");
    if (page.status == 405) {
        response.set(beast_http::field::allow, "GET, HEAD");
    }
    response.keep_alive(request.keep_alive());
    response.body() = std::move(page.body);
    response.prepare_payload();
    if (request.method() == beast_http::verb::head) {
        response.body().clear();  // Content-Length stays (RFC 9110 §9.3.2)
    }
    return response;
}

}  // namespace

AdminServer::AdminServer(
    net::asio::io_context& context, const config::AdminListen& listen, Pages pages
)
    : listen_(listen),
      pages_(std::move(pages)),
      executor_(context.get_executor()),
      loopback_(listen.path.empty() && config::is_loopback(listen.endpoint.address)),
      listener_(executor_),
      tasks_(executor_) {}

AdminServer::~AdminServer() { close(); }

Loaded<std::unique_ptr<AdminServer>> AdminServer::open(
    net::asio::io_context& context,
    const config::AdminListen& listen,
    const std::string& owner,
    Pages pages,
    net::Descriptor inherited
) {
    std::unique_ptr<AdminServer> made(new AdminServer(context, listen, std::move(pages)));
    const auto failed = [&](const std::string& what, const error_code& ec) {
        return Failure{ec, where(listen) + ": " + what + ": " + ec.message()};
    };
    if (inherited) {
        if (const error_code ec = made->adopt(std::move(inherited))) {
            return failed("cannot be taken over", ec);
        }
        return made;
    }
    if (listen.path.empty()) {
        error_code ec;
        const auto address = net::asio::ip::make_address(listen.endpoint.address, ec);
        if (!ec) {
            const net::tcp::endpoint endpoint(address, listen.endpoint.port);
            ec = made->bind(endpoint, endpoint.protocol().family());
        }
        if (ec) {
            return failed("cannot listen", ec);
        }
    } else {
        if (const error_code ec = remove_left_over(context, listen.path)) {
            return failed("cannot listen", ec);
        }
        const mode_t before = ::umask(0117);
        const error_code ec =
            made->bind(net::asio::local::stream_protocol::endpoint(listen.path.string()), AF_UNIX);
        (void)::umask(before);
        if (ec) {
            return failed("cannot listen", ec);
        }
        if (const error_code given = give_to(listen.path, owner)) {
            return failed("cannot give it to user " + owner, given);
        }
    }
    return made;
}

void AdminServer::serve() { tasks_.spawn(accept_loop(), "admin listener"); }

Result<net::Descriptor> AdminServer::duplicate() {
    return net::Descriptor::duplicate_of(listener_.native_handle());
}

void AdminServer::leave() {
    bound_ = false;
    error_code ignored;
    // Not close(), after which Asio's epoll would still have what another process holds.
    const net::Descriptor closing(listener_.release(ignored));
}

error_code AdminServer::adopt(net::Descriptor socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    (void)::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    error_code ec;
    (void)listener_.assign(Protocol(address.ss_family, 0), socket.get(), ec);
    if (!ec) {
        (void)socket.release();
    }
    return ec;
}

error_code AdminServer::bind(const Protocol::endpoint& endpoint, int family) {
    error_code ec;
    (void)listener_.open(Protocol(family, 0), ec);
    if (!ec && family != AF_UNIX) {
        (void)listener_.set_option(net::asio::socket_base::reuse_address(true), ec);
    }
    if (!ec) {
        (void)listener_.bind(endpoint, ec);
    }
    bound_ = !ec;
    if (bound_) {
        (void)listener_.listen(static_cast<int>(most_clients), ec);
    }
    return ec;
}

void AdminServer::close() {
    if (std::exchange(closed_, true)) {
        return;
    }
    error_code ignored;
    (void)listener_.close(ignored);
    for (const auto& connection : connections_) {
        connection->close();
    }
    if (bound_ && !listen_.path.empty()) {
        (void)::unlink(listen_.path.c_str());
    }
}

net::Task<void> AdminServer::accept_loop() {
    net::Timer pause(executor_);
    while (listener_.is_open()) {
        auto [ec, socket] = co_await listener_.async_accept(net::as_tuple);
        if (!listener_.is_open()) {
            co_return;
        }
        if (ec || connections_.size() >= most_clients) {
            pause.expires_after(pause_after_failure);
            co_await pause.async_wait(net::as_tuple);
            continue;  // what was accepted is closed
        }
        auto connection = std::make_shared<Connection>(std::move(socket));
        connections_.push_back(connection);
        tasks_.spawn(serve(std::move(connection)), "admin client");
    }
}

net::Task<void> AdminServer::serve(std::shared_ptr<Connection> connection) {
    co_await converse(connection);
    error_code ignored;
    (void)connection->socket().shutdown(net::asio::socket_base::shutdown_send, ignored);
    (void)connection->socket().close(ignored);
    connections_.remove(connection);
}

net::Task<void> AdminServer::converse(std::shared_ptr<Connection> connection) {
    boost::beast::flat_buffer buffer(most_head + 1024);
    for (bool more = true; more && !closed_;) {
        beast_http::request_parser<beast_http::empty_body> parser;
        parser.header_limit(most_head);
        connection->expires_after(patience);
        const auto [ec, size] =
            co_await beast_http::async_read(*connection, buffer, parser, net::as_tuple);
        static_cast<void>(size);
        if (ec) {
            // Beast's own errors are about what the client wrote; others need no answer.
            if (ec != beast_http::error::end_of_stream &&
                ec.category() == make_error_code(beast_http::error::bad_method).category()) {
                const Request none;
                Response response = response_of(refused(400, ec.message()), none);
                response.keep_alive(false);
                co_await beast_http::async_write(*connection, response, net::as_tuple);
            }
            co_return;
        }
        const Request& request = parser.get();
        std::optional<Page> page = refusal_of(request, loopback_);
        if (!page) {
            page = co_await page_of(path_of(request));
        }
        const Response response = response_of(std::move(*page), request);
        connection->expires_after(patience);
        const auto [failed, sent] =
            co_await beast_http::async_write(*connection, response, net::as_tuple);
        static_cast<void>(sent);
        more = !failed && response.keep_alive();
    }
}

net::Task<Page> AdminServer::page_of(std::string path) {
    const auto awaited = std::make_shared<Awaited>();
    pages_(path, [awaited](Page page) {
        awaited->page = std::move(page);
        awaited->arrived.notify();
    });
    co_await awaited->arrived.wait();
    co_return std::move(awaited->page);
}

}  // namespace hsmfront::admin
