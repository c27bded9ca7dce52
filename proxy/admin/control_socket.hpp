// ControlSocket: the unix socket on which an operator's commands reach the running service.
#pragma once

#include "certs/chain.hpp"
#include "proxy/admin/control_protocol.hpp"
#include "proxy/net/descriptor.hpp"
#include "proxy/net/task_group.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <string>

namespace hsmfront::admin {

struct ControlRequest {
    Verb verb = Verb::status;
    certs::Secret pin;
};

/// Only the user that the service runs as, and root, may ask. Lives on one io_context's thread.
class ControlSocket {
  public:
    /// Once for each request, from any thread.
    using Reply = std::function<void(ControlReply)>;
    using Handler = std::function<void(ControlRequest, Reply)>;

    /// Binds `path` with mode 0600, taking the place of a socket that nobody listens on any more,
    /// and `owner` (a user name, empty for the present one) becomes its owner; or takes
    /// `inherited`, which is bound to it. Nothing is answered before serve().
    [[nodiscard]] static certs::Loaded<std::unique_ptr<ControlSocket>> open(
        net::asio::io_context& context,
        const std::filesystem::path& path,
        const std::string& owner,
        Handler handler,
        net::Descriptor inherited = {}
    );
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    void serve();
    /// The socket once more, for another process.
    [[nodiscard]] Result<net::Descriptor> duplicate();
    /// Leaves the socket to that process. What was asked here is answered here.
    void leave();
    /// Ends all that waits, after which the io_context runs out of work; removes a file of ours.
    void close();

  private:
    using Protocol = net::asio::local::stream_protocol;
    using Connection = net::asio::basic_stream_socket<Protocol, net::Executor>;
    using Listener = net::asio::basic_socket_acceptor<Protocol, net::Executor>;
    struct Exchange;

    ControlSocket(net::asio::io_context& context, std::filesystem::path path, Handler handler);

    [[nodiscard]] net::Task<void> accept_loop();
    [[nodiscard]] net::Task<void> serve(std::shared_ptr<Exchange> exchange);
    [[nodiscard]] net::Task<void> converse(std::shared_ptr<Exchange> exchange);

    const std::filesystem::path path_;
    const Handler handler_;
    const net::Executor executor_;
    Listener listener_;
    net::TaskGroup tasks_;
    std::list<std::shared_ptr<Exchange>> exchanges_;
    bool bound_ = false;  ///< the file is ours: made here, and not left to another process
    bool closed_ = false;
};

}  // namespace hsmfront::admin
