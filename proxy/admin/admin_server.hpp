// AdminServer: the service's pages over HTTP, for monitoring, balancers and people.
#pragma once

#include "certs/chain.hpp"
#include "config/settings.hpp"
#include "proxy/net/descriptor.hpp"
#include "proxy/net/task_group.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace hsmfront::admin {

/// What a path is answered with.
struct Page {
    unsigned status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body;
};

/// Read only: GET and HEAD, nothing that changes anything. Lives on one io_context's thread.
class AdminServer {
  public:
    using Reply = std::function<void(Page)>;
    /// Gives the page of a path, without its query, at once or later; on the io_context's thread.
    using Pages = std::function<void(std::string_view path, const Reply& reply)>;

    /// Binds. A unix socket that nobody listens on any more is replaced; it gets mode 0660 and
    /// becomes that of `owner` (a user's name, empty: the present one). Or takes `inherited`, which
    /// is bound to that. Nothing is answered before serve().
    [[nodiscard]] static certs::Loaded<std::unique_ptr<AdminServer>> open(
        net::asio::io_context& context,
        const config::AdminListen& listen,
        const std::string& owner,
        Pages pages,
        net::Descriptor inherited = {}
    );
    ~AdminServer();
    AdminServer(const AdminServer&) = delete;
    AdminServer& operator=(const AdminServer&) = delete;

    void serve();
    /// The socket once more, for another process.
    [[nodiscard]] Result<net::Descriptor> duplicate();
    /// Leaves the socket to that process.
    void leave();
    /// Ends all connections, after which the io_context runs out of work.
    void close();

  private:
    using Protocol = net::asio::generic::stream_protocol;
    using Connection = boost::beast::basic_stream<Protocol, net::Executor>;
    using Listener = net::asio::basic_socket_acceptor<Protocol, net::Executor>;

    AdminServer(net::asio::io_context& context, const config::AdminListen& listen, Pages pages);

    [[nodiscard]] error_code bind(const Protocol::endpoint& endpoint, int family);
    [[nodiscard]] error_code adopt(net::Descriptor socket);
    [[nodiscard]] net::Task<void> accept_loop();
    [[nodiscard]] net::Task<void> serve(std::shared_ptr<Connection> connection);
    [[nodiscard]] net::Task<void> converse(std::shared_ptr<Connection> connection);
    [[nodiscard]] net::Task<Page> page_of(std::string path);

    const config::AdminListen listen_;
    const Pages pages_;
    const net::Executor executor_;
    /// A browser on this machine can be made to come here: see is_known_host().
    const bool loopback_;
    Listener listener_;
    net::TaskGroup tasks_;
    std::list<std::shared_ptr<Connection>> connections_;
    bool bound_ = false;  ///< here; its file, if it has one, is ours
    bool closed_ = false;
};

}  // namespace hsmfront::admin
