// BackendChecks against a server that answers as the test says.
#include "proxy/http/backend_checks.hpp"

#include "backend_fixture.hpp"

#include <array>

namespace hsmfront::http::test {
namespace {

using namespace std::chrono_literals;

/// What the server says to each request, and what it was asked.
struct Answers {
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    std::string asked;
    int count = 0;
};

net::Task<void> answer(net::Acceptor& acceptor, Answers* answers) {
    while (true) {
        auto [ec, socket] = co_await acceptor.async_accept(net::as_tuple);
        if (ec) {
            co_return;
        }
        std::array<char, 4096> request{};
        const auto [read, size] =
            co_await socket.async_read_some(net::asio::buffer(request), net::as_tuple);
        answers->asked.assign(request.data(), size);
        ++answers->count;
        co_await socket.async_write_some(net::asio::buffer(answers->answer), net::as_tuple);
    }
}

class HttpBackendChecks : public BackendFixture {
  protected:
    HttpBackendChecks() {
        settings.health.path = "/health?deep=1";
        settings.health.interval = 10ms;
        settings.health.timeout = 200ms;
    }

    void serve() {
        Listener& listener = listen();
        net::spawn(
            worker.loop.get_executor(),
            answer(listener.acceptor(), &answers),
            [](const std::exception_ptr&) {}
        );
    }

    [[nodiscard]] bool becomes(bool up) {
        return worker.run_until([this, up] { return server(0).health().up() == up; });
    }

    Answers answers;
};

TEST_F(HttpBackendChecks, AsksWithHostAndName) {
    serve();
    start();
    ASSERT_TRUE(worker.run_until([this] { return answers.count > 0; }));
    EXPECT_EQ(
        answers.asked,
        "GET /health?deep=1 HTTP/1.1\r\nHost: 127.0.0.1:" +
            std::to_string(listeners.front()->port()) +
            "\r\nUser-Agent: hsmfront/health\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
}

TEST_F(HttpBackendChecks, BadAnswersTakeAServerOutGoodOnesBringItBack) {
    serve();
    start();
    ASSERT_TRUE(worker.run_until([this] { return answers.count > 2; }));
    EXPECT_TRUE(server(0).health().up());
    for (const char* bad :
         {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
          "HTTP/1.1 404 No\r\n\r\n",
          "nonsense\r\n\r\n",
          "HTTP/1.1 200",
          ""}) {
        answers.answer = bad;
        EXPECT_TRUE(becomes(false)) << bad;
        answers.answer = "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n";
        EXPECT_TRUE(becomes(true)) << bad;
    }
}

TEST_F(HttpBackendChecks, SilenceIsAFailure) {
    settings.health.timeout = 30ms;
    listen();  // the kernel accepts, nobody answers
    start();
    EXPECT_TRUE(becomes(false));
}

TEST_F(HttpBackendChecks, RefusedConnectIsAFailure) {
    listen().close();
    start();
    EXPECT_TRUE(becomes(false));
}

TEST_F(HttpBackendChecks, OneWorkerChecksForAll) {
    serve();
    start();
    const BackendSet second(worker.context, settings, board);
    settings.health.path.clear();
    EXPECT_TRUE(server(0).health().checked());
    set.reset();
    EXPECT_FALSE(server(0).health().checked());
}

TEST_F(HttpBackendChecks, ReloadHandsTheChecksOn) {
    serve();
    start();
    ASSERT_TRUE(worker.run_until([this] { return answers.count > 0; }));
    // Sessions from before the reload keep the old set for as long as they like.
    const std::unique_ptr<BackendSet> old = std::move(set);
    const auto retired = board;
    board = std::make_shared<BackendBoard>(settings, retired.get());
    set = std::make_unique<BackendSet>(worker.context, settings, board);
    worker.loop.restart();
    worker.loop.run_for(60ms);
    EXPECT_TRUE(server(0).health().checked());
    set.reset();
    EXPECT_FALSE(server(0).health().checked());
    const int count = answers.count;
    worker.loop.restart();
    worker.loop.run_for(60ms);
    EXPECT_LE(answers.count, count + 1);
}

TEST_F(HttpBackendChecks, DrainEndsThem) {
    serve();
    start();
    ASSERT_TRUE(worker.run_until([this] { return answers.count > 0; }));
    worker.registry.drain();
    EXPECT_TRUE(worker.run_until([this] { return !server(0).health().checked(); }));
}

}  // namespace
}  // namespace hsmfront::http::test
