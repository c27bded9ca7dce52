// BackendFixture: a worker's backends on a loop that the test runs by itself.
#pragma once

#include "proxy/http/backend_search.hpp"
#include "proxy/http/backend_set.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::http::test {

/// A port that the kernel accepts connections on, until it is closed.
class Listener {
  public:
    explicit Listener(net::Executor executor, std::uint16_t port = 0, int backlog = 4096)
        : acceptor_(executor) {
        const net::tcp::endpoint endpoint(net::asio::ip::address_v4::loopback(), port);
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(net::Acceptor::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen(backlog);
        port_ = acceptor_.local_endpoint().port();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] config::Endpoint endpoint() const { return {"127.0.0.1", port_}; }
    [[nodiscard]] net::Acceptor& acceptor() { return acceptor_; }
    void close() { acceptor_.close(); }

  private:
    net::Acceptor acceptor_;
    std::uint16_t port_ = 0;
};

/// A worker without a thread.
struct LoopWorker {
    net::asio::io_context loop{1};
    net::BufferPool buffers;
    net::SessionRegistry registry;
    net::WorkerContext context{loop.get_executor(), buffers, registry};

    /// Sets `result` once `task` is done.
    template <class T>
    void start(net::Task<T> task, std::optional<T>& result) {
        net::spawn(
            loop.get_executor(),
            keep(std::move(task), result),
            [](const std::exception_ptr& error) { EXPECT_FALSE(error); }
        );
    }

    /// Runs the loop until `task` is done.
    template <class T>
    T run(net::Task<T> task) {
        std::optional<T> result;
        start(std::move(task), result);
        loop.restart();
        while (!result) {
            loop.run_one();
        }
        return std::move(*result);
    }

    template <class T>
    static net::Task<void> keep(net::Task<T> task, std::optional<T>& result) {
        T value = co_await std::move(task);
        result.emplace(std::move(value));
    }

    /// Runs the loop until `condition` holds; false if it does not within some seconds.
    template <class Condition>
    [[nodiscard]] bool run_until(Condition condition) {
        const auto due = net::Clock::now() + std::chrono::seconds(10);
        loop.restart();
        while (!condition() && net::Clock::now() < due) {
            loop.run_one_for(std::chrono::milliseconds(10));
        }
        return condition();
    }
};

class BackendFixture : public testing::Test {
  protected:
    using Outcome = BackendSearch::Outcome;
    using Kind = BackendSearch::Kind;

    BackendFixture() { settings.timeouts.backend_connect = std::chrono::seconds(5); }

    Listener& listen(int backlog = 4096) {
        listeners.push_back(std::make_unique<Listener>(executor(), std::uint16_t{0}, backlog));
        settings.backends.servers.push_back(listeners.back()->endpoint());
        return *listeners.back();
    }

    /// Call once the settings are as the test wants them.
    void start(BackendAddresses::Lookup lookup = {}) {
        board = std::make_shared<BackendBoard>(settings);
        set = std::make_unique<BackendSet>(worker.context, settings, board, std::move(lookup));
    }

    [[nodiscard]] net::Executor executor() { return worker.loop.get_executor(); }
    [[nodiscard]] Destination group() { return {set->group(settings.backends)}; }
    [[nodiscard]] BackendServer& server(std::size_t index) { return *board->servers().at(index); }

    BackendSearch::Connected next(BackendSearch& search, Kind kind = Kind::any) {
        return worker.run(search.next(kind));
    }

    /// One request from begin to end. The port of the server that had it, 0 if there was none.
    std::uint16_t request(Outcome outcome = Outcome::used_up) {
        BackendSearch search(group());
        BackendSearch::Connected connection = next(search);
        if (!connection) {
            return 0;
        }
        const std::uint16_t port = (*connection)->address.port();
        search.finish(std::move(*connection), outcome);
        return port;
    }

    LoopWorker worker;
    config::Http settings;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::shared_ptr<BackendBoard> board;
    std::unique_ptr<BackendSet> set;
};

}  // namespace hsmfront::http::test
