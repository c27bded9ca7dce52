// SessionStage: a real session on loopback, between a client and a backend that the test plays.
#pragma once

#include "proxy/ftp/service.hpp"
#include "proxy/net/task_group.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::ftp::test {

/// One end of a connection, played by the test.
class Peer {
  public:
    using Socket = net::asio::basic_stream_socket<net::tcp, net::Executor>;
    explicit Peer(Socket socket) : socket_(std::move(socket)) {}

    /// The next line without CRLF; "<closed>" or "<reset>" when none comes any more.
    [[nodiscard]] net::Task<std::string> line();
    [[nodiscard]] net::Task<void> send(std::string_view text);
    struct Rest {
        std::size_t bytes = 0;
        bool clean = false;  ///< ended by FIN
    };
    /// Reads to the end.
    [[nodiscard]] net::Task<Rest> rest();
    void close();
    void reset();

  private:
    Socket socket_;
    std::string buffer_;
};

/// Arguments are views: GCC 12 frees temporaries with destructors twice in a co_await expression.
class SessionStage : public testing::Test {
  protected:
    using Scene = net::Task<void> (*)(SessionStage&);

    SessionStage();

    /// Plays `scene` against one session of a service with settings(); fails after 10 s. Checks
    /// that the session ended and left nothing behind.
    void play(Scene scene);

  public:
    [[nodiscard]] config::Ftp& settings() noexcept { return settings_->ftp; }
    [[nodiscard]] net::SessionRegistry& sessions() noexcept { return sessions_; }

    /// Connects, greets and logs in: client and backend are set afterwards.
    [[nodiscard]] net::Task<void> log_in();
    /// EPSV and `command` up to the backend's 150; client_data and backend_data are set afterwards.
    [[nodiscard]] net::Task<void> start(std::string_view command);
    /// A connection to `port` of 127.0.0.1 from `source`.
    [[nodiscard]] net::Task<Peer> connect(
        std::uint16_t port, std::string_view source = "127.0.0.1"
    );
    [[nodiscard]] net::Task<Peer> accept_backend();
    [[nodiscard]] net::Task<Peer> accept_backend_data();
    /// Lets the client send `line` and returns the first line that comes back.
    [[nodiscard]] net::Task<std::string> ask(std::string_view line);
    /// The client sends EPSV; returns the port it was told.
    [[nodiscard]] net::Task<std::uint16_t> passive();
    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::uint16_t backend_data_port() const;

    /// Set: the control connection came with such a PROXY header, through one of `balancers`.
    std::optional<net::ProxiedAddresses> client_header;
    std::shared_ptr<const net::Balancers> balancers;

    std::unique_ptr<Peer> client;
    std::unique_ptr<Peer> backend;
    std::unique_ptr<Peer> client_data;
    std::unique_ptr<Peer> backend_data;

  private:
    [[nodiscard]] net::Acceptor listen();
    [[nodiscard]] net::Task<void> accept_client();
    [[nodiscard]] net::Task<void> run(Scene scene);

    net::asio::io_context loop_{1};
    net::BufferPool buffers_;
    net::SessionRegistry sessions_;
    net::WorkerContext worker_{loop_.get_executor(), buffers_, sessions_};
    net::TaskGroup tasks_{loop_.get_executor()};
    net::Acceptor front_;
    net::Acceptor backend_control_;
    net::Acceptor backend_data_acceptor_;
    std::shared_ptr<config::Settings> settings_ = std::make_shared<config::Settings>();
    std::unique_ptr<Service> service_;
    bool finished_ = false;
};

}  // namespace hsmfront::ftp::test
