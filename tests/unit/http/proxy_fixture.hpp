// ProxyFixture: a worker that serves connections to a scripted origin, in a thread of its own.
#pragma once

#include "proxy/http/backend_set.hpp"
#include "proxy/http/http1_session.hpp"
#include "proxy/http/routes.hpp"
#include "proxy/net/task_group.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "wire.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <thread>

namespace hsmfront::http::test {

/// The parts of a worker, and an accept loop for what the test wants served.
class LoopbackWorker {
  public:
    using Serve = std::function<net::Task<void>(net::Accepted)>;

    LoopbackWorker() : acceptor_(loop_, {net::asio::ip::address_v4::loopback(), 0}) {
        port_ = acceptor_.local_endpoint().port();
    }

    ~LoopbackWorker() { EXPECT_FALSE(thread_.joinable()); }
    LoopbackWorker(const LoopbackWorker&) = delete;
    LoopbackWorker& operator=(const LoopbackWorker&) = delete;

    void start(Serve serve) {
        serve_ = std::move(serve);
        net::spawn(loop_.get_executor(), accept(), [](const std::exception_ptr& error) {
            EXPECT_FALSE(error);
        });
        thread_ = std::thread([this] { loop_.run(); });
    }

    /// Ends the sessions, then calls `at_end` on the worker's thread.
    void stop(std::function<void()> at_end) {
        if (thread_.joinable()) {
            at_end_ = std::move(at_end);
            on_worker([this] { acceptor_.close(); });
            thread_.join();
        }
    }

    void on_worker(const std::function<void()>& action) {
        std::promise<void> done;
        net::asio::post(loop_, [&] {
            action();
            done.set_value();
        });
        done.get_future().wait();
    }

    [[nodiscard]] net::WorkerContext& context() { return context_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }

  private:
    net::Task<void> accept() {
        net::TaskGroup sessions(context_.executor);
        while (true) {
            auto [ec, socket] = co_await acceptor_.async_accept(net::as_tuple);
            if (ec) {
                break;
            }
            net::Accepted accepted{std::move(socket), {}, {}, 1};
            accepted.peer = accepted.socket.remote_endpoint(ec);
            accepted.local = accepted.socket.local_endpoint(ec);
            sessions.spawn(serve_(std::move(accepted)), "session");
        }
        registry_.interrupt_all(net::Errc::stopped);
        co_await sessions.join();
        at_end_();
    }

    net::asio::io_context loop_{1};
    net::BufferPool buffers_;
    net::SessionRegistry registry_;
    net::WorkerContext context_{loop_.get_executor(), buffers_, registry_};
    net::Acceptor acceptor_;
    std::uint16_t port_ = 0;
    Serve serve_;
    std::function<void()> at_end_;
    std::thread thread_;
};

/// HTTP/1 sessions over plain TCP, so that each byte and each FIN or RST is visible.
class ProxyFixture : public testing::Test {
  protected:
    ProxyFixture() {
        settings.backends.servers = {{"127.0.0.1", origin.number()}};
        settings.timeouts.stall = net::milliseconds(20'000);
    }

    /// Call once the settings are as the test wants them.
    [[nodiscard]] Wire connect() {
        if (backends == nullptr) {
            backends = std::make_unique<BackendSet>(
                worker.context(), settings, std::make_shared<BackendBoard>(settings)
            );
            worker.start([this](net::Accepted accepted) { return serve(std::move(accepted)); });
        }
        return Wire::connect(worker.port());
    }

    void TearDown() override {
        worker.stop([this] { backends.reset(); });
    }

    Port origin;
    config::Http settings;
    LoopbackWorker worker;
    Traffic traffic;
    std::unique_ptr<BackendSet> backends;

  private:
    net::Task<void> serve(net::Accepted accepted) {
        net::TcpStream stream(std::move(accepted.socket));
        ClientConnection client(stream, worker.context());
        const ClientIdentity identity = identify_client(accepted.peer, accepted.local, "", false);
        const Routes routes(settings);
        const Dispatch dispatch{settings, routes, *backends, identity, nullptr, traffic};
        Http1Session session(client, dispatch);
        co_await session.run();
    }
};

}  // namespace hsmfront::http::test
