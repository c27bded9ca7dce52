// BackendSearch: whose turn it is, what a failed server costs, places and the queue, keeping.
#include "proxy/http/backend_search.hpp"

#include "backend_fixture.hpp"
#include "proxy/net/errc.hpp"
#include "tests/unit/net/full_port.hpp"

#include <array>
#include <map>
#include <thread>

namespace hsmfront::http::test {
namespace {

using net::test::FullPort;
using namespace std::chrono_literals;

class HttpBackendSearch : public BackendFixture {
  protected:
    /// Lets a search wait; `result` is set once it has ended.
    void begin(BackendSearch& search, std::optional<BackendSearch::Connected>& result) {
        worker.start(search.next(Kind::any), result);
        worker.loop.restart();
        worker.loop.poll();
    }
};

TEST_F(HttpBackendSearch, RoundRobinGivesEachServerItsTurn) {
    std::map<std::uint16_t, int> turns;
    for (int i = 0; i < 3; ++i) {
        listen();
    }
    start();
    for (int i = 0; i < 9; ++i) {
        ++turns[request()];
    }
    for (const auto& listener : listeners) {
        EXPECT_EQ(turns[listener->port()], 3);
    }
}

TEST_F(HttpBackendSearch, WorkersBeginWithDifferentServers) {
    listen();
    listen();
    start();
    const std::uint16_t first = request();
    set = std::make_unique<BackendSet>(worker.context, settings, board);
    EXPECT_NE(request(), first);
}

TEST_F(HttpBackendSearch, LeastConnectionsPrefersTheLessBusy) {
    settings.backends.balance = config::Balance::least_connections;
    listen();
    listen();
    start();
    BackendSearch slow(group());
    const auto held = next(slow);
    ASSERT_TRUE(held);
    for (int i = 0; i < 4; ++i) {
        EXPECT_NE(request(), (*held)->address.port());
    }
}

TEST_F(HttpBackendSearch, ServerThatComesBackGetsItsShareSlowly) {
    settings.health.slow_start = 1h;
    settings.health.pause = 0ms;
    settings.health.fall = 1;
    const std::uint16_t slow = listen().port();
    listen();
    start();
    server(0).health().request_failed(settings.health, net::Clock::now(), "test");
    server(0).health().request_succeeded(net::Clock::now());
    int turns = 0;
    for (int i = 0; i < 200; ++i) {
        turns += request() == slow ? 1 : 0;
    }
    EXPECT_GE(turns, 1);
    EXPECT_LE(turns, 4);
}

TEST_F(HttpBackendSearch, FailedConnectGoesOnToTheNextServerAndCounts) {
    listen().close();
    const std::uint16_t good = listen().port();
    start();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(request(), good);
    }
    EXPECT_FALSE(server(0).health().up());
    EXPECT_EQ(server(0).counters().failures, settings.health.fall);
    EXPECT_EQ(server(0).counters().requests, 0U);
    EXPECT_EQ(server(0).active(), 0U);
    EXPECT_EQ(server(1).counters().requests, 20U);
    EXPECT_EQ(server(1).active(), 0U);
}

TEST_F(HttpBackendSearch, WhenAllFailTheLastErrorIsTold) {
    listen().close();
    listen().close();
    start();
    BackendSearch search(group());
    EXPECT_EQ(next(search).error(), boost::system::errc::connection_refused);
    EXPECT_EQ(server(0).counters().failures, 1U);
    EXPECT_EQ(server(1).counters().failures, 1U);
}

TEST_F(HttpBackendSearch, ServersThatAreOutAreAskedBeforeARequestFails) {
    const std::uint16_t port = listen().port();
    listeners.front()->close();
    start();
    while (server(0).health().up()) {
        EXPECT_EQ(request(), 0);
    }
    const Listener back(executor(), port);
    EXPECT_EQ(request(), port);
    EXPECT_TRUE(server(0).health().up());
}

TEST_F(HttpBackendSearch, ServersThatChecksFoundDownAreNeverAsked) {
    listen();
    start();
    server(0).health().begin_checks();
    server(0).health().check_failed(settings.health, net::Clock::now(), "test");
    BackendSearch search(group());
    EXPECT_EQ(next(search).error(), BackendErrc::all_down);
}

TEST_F(HttpBackendSearch, OneRequestTriesAServerAfterItsPause) {
    settings.health.fall = 1;
    settings.health.pause = 0ms;
    const std::uint16_t tried = listen().port();
    const std::uint16_t good = listen().port();
    start();
    server(0).health().request_failed(settings.health, net::Clock::now(), "test");
    std::vector<std::unique_ptr<BackendSearch>> searches;
    std::vector<std::unique_ptr<BackendConnection>> held;
    std::map<std::uint16_t, int> turns;
    for (int i = 0; i < 6; ++i) {
        searches.push_back(std::make_unique<BackendSearch>(group()));
        auto connection = next(*searches.back());
        ASSERT_TRUE(connection);
        ++turns[(*connection)->address.port()];
        held.push_back(std::move(*connection));
    }
    EXPECT_EQ(turns[tried], 1);
    EXPECT_EQ(turns[good], 5);
}

TEST_F(HttpBackendSearch, RetryPrefersAnotherServer) {
    listen();
    listen();
    start();
    for (int i = 0; i < 4; ++i) {
        BackendSearch search(group());
        auto first = next(search);
        ASSERT_TRUE(first);
        const std::uint16_t port = (*first)->address.port();
        search.finish(std::move(*first), Outcome::abandoned);
        auto second = next(search, Kind::fresh);
        ASSERT_TRUE(second);
        EXPECT_NE((*second)->address.port(), port);
        search.finish(std::move(*second), Outcome::used_up);
    }
    EXPECT_EQ(server(0).counters().retries + server(1).counters().retries, 4U);
}

TEST_F(HttpBackendSearch, KeepsAConnectionForTheNextRequest) {
    listen();
    start();
    request(Outcome::reusable);
    EXPECT_EQ(set->idle(), 1U);
    BackendSearch search(group());
    const auto again = next(search);
    ASSERT_TRUE(again);
    EXPECT_TRUE((*again)->reused);
    EXPECT_EQ(server(0).active(), 1U);
    BackendSearch other(group());
    EXPECT_FALSE((*next(other, Kind::fresh))->reused);
}

TEST_F(HttpBackendSearch, EndOfAKeptConnectionIsNoFailureOfTheServer) {
    listen();
    start();
    request(Outcome::reusable);
    BackendSearch search(group());
    search.finish(*next(search), Outcome::failed);
    EXPECT_EQ(server(0).counters().failures, 0U);
    search.finish(*next(search, Kind::fresh), Outcome::failed);
    EXPECT_EQ(server(0).counters().failures, 1U);
}

TEST_F(HttpBackendSearch, ResponsesThatAreCutInARowTakeAServerOut) {
    listen();
    start();
    for (std::size_t i = 0; i < settings.health.fall; ++i) {
        EXPECT_TRUE(server(0).health().up());
        BackendSearch search(group());
        auto connection = next(search);
        ASSERT_TRUE(connection);
        (*connection)->use.answered();
        search.finish(std::move(*connection), Outcome::failed);
    }
    EXPECT_FALSE(server(0).health().up());
}

TEST_F(HttpBackendSearch, PreambleComesFirstAndItsConnectionServesOneRequest) {
    Listener& listener = listen();
    start();
    request(Outcome::reusable);
    BackendSearch search({set->group(settings.backends), "PROXY UNKNOWN\r\n"});
    auto connection = next(search);
    ASSERT_TRUE(connection);
    EXPECT_FALSE((*connection)->reused);  // the idle one says nothing of this client
    static_cast<void>(listener.acceptor().accept());
    auto accepted = listener.acceptor().accept();
    std::array<char, 64> bytes{};
    const std::size_t size = accepted.read_some(net::asio::buffer(bytes));
    EXPECT_EQ(std::string_view(bytes.data(), size), "PROXY UNKNOWN\r\n");
    search.finish(std::move(*connection), Outcome::reusable);
    EXPECT_EQ(set->idle(), 1U);
}

TEST_F(HttpBackendSearch, WaitsForAPlaceAndGetsIt) {
    settings.connections.max = 1;
    listen();
    start();
    BackendSearch first(group());
    auto held = next(first);
    ASSERT_TRUE(held);
    BackendSearch second(group());
    std::optional<BackendSearch::Connected> result;
    begin(second, result);
    EXPECT_FALSE(result);
    first.finish(std::move(*held), Outcome::reusable);
    ASSERT_TRUE(worker.run_until([&] { return result.has_value(); }));
    ASSERT_TRUE(*result);
    EXPECT_TRUE((**result)->reused);
    EXPECT_EQ(server(0).active(), 1U);
    EXPECT_EQ(server(0).counters().queue_waits, 1U);
}

TEST_F(HttpBackendSearch, ServerWithAFreePlaceIsTakenBeforeAnyWait) {
    settings.connections.max = 1;
    listen();
    listen();
    start();
    BackendSearch first(group());
    BackendSearch second(group());
    const auto one = next(first);
    const auto two = next(second);
    ASSERT_TRUE(one && two);
    EXPECT_NE((*one)->address.port(), (*two)->address.port());
}

TEST_F(HttpBackendSearch, WaitEndsWithItsLimit) {
    settings.connections.max = 1;
    settings.connections.queue_timeout = 30ms;
    listen();
    start();
    BackendSearch first(group());
    const auto held = next(first);
    BackendSearch second(group());
    EXPECT_EQ(next(second).error(), BackendErrc::queue_timeout);
    EXPECT_EQ(server(0).active(), 1U);
}

TEST_F(HttpBackendSearch, FullQueueRefusesAtOnce) {
    settings.connections.max = 1;
    settings.connections.queue = 1;
    listen();
    start();
    BackendSearch first(group());
    const auto held = next(first);
    BackendSearch second(group());
    std::optional<BackendSearch::Connected> result;
    begin(second, result);
    BackendSearch third(group());
    EXPECT_EQ(next(third).error(), BackendErrc::queue_full);
    EXPECT_FALSE(result);
    second.interrupt(net::Errc::stopped);
    ASSERT_TRUE(worker.run_until([&] { return result.has_value(); }));
}

TEST_F(HttpBackendSearch, ClientThatLeavesGivesItsTurnToTheNext) {
    settings.connections.max = 1;
    listen();
    start();
    BackendSearch first(group());
    auto held = next(first);
    BackendSearch leaving(group());
    BackendSearch staying(group());
    std::optional<BackendSearch::Connected> left;
    std::optional<BackendSearch::Connected> stayed;
    begin(leaving, left);
    begin(staying, stayed);
    first.finish(std::move(*held), Outcome::used_up);  // granted to the one that leaves
    leaving.interrupt(net::Errc::stopped);
    ASSERT_TRUE(worker.run_until([&] { return left && stayed; }));
    EXPECT_EQ(left->error(), net::Errc::stopped);
    EXPECT_TRUE(stayed->has_value());
    EXPECT_EQ(server(0).active(), 1U);
}

TEST_F(HttpBackendSearch, InterruptEndsAConnectAtOnce) {
    const FullPort full;
    settings.backends.servers = {{"127.0.0.1", full.number()}};
    start();
    BackendSearch search(group());
    std::optional<BackendSearch::Connected> result;
    begin(search, result);
    ASSERT_FALSE(result);
    search.interrupt(net::Errc::stopped);
    const auto begun = net::Clock::now();
    ASSERT_TRUE(worker.run_until([&] { return result.has_value(); }));
    EXPECT_LT(net::Clock::now() - begun, 2s);
    EXPECT_EQ(result->error(), net::Errc::stopped);
    EXPECT_EQ(server(0).counters().failures, 0U);
    EXPECT_EQ(server(0).active(), 0U);
}

TEST_F(HttpBackendSearch, ReloadKeepsWhatIsKnownOfAServer) {
    listen();
    listen().close();
    start();
    server(1).health().begin_checks();
    server(1).health().check_failed(settings.health, net::Clock::now(), "test");
    config::Http changed = settings;
    changed.backends.servers.erase(changed.backends.servers.begin());
    changed.backends.servers.push_back({"127.0.0.1", 1});
    BackendBoard next_board(changed, board.get());
    EXPECT_TRUE(board->retired());
    EXPECT_EQ(next_board.servers().at(0), board->servers().at(1));
    EXPECT_FALSE(next_board.servers().at(0)->health().up());
    EXPECT_TRUE(next_board.servers().at(1)->health().up());
}

net::Task<bool> serve_many(BackendSet& set, const config::Http& settings, int count) {
    for (int i = 0; i < count; ++i) {
        BackendSearch search({set.group(settings.backends)});
        BackendSearch::Connected connection = co_await search.next(BackendSearch::Kind::any);
        if (!connection) {
            co_return false;
        }
        const bool keep = i % 3 != 0;
        search.finish(
            std::move(*connection),
            keep ? BackendSearch::Outcome::reusable : BackendSearch::Outcome::used_up
        );
    }
    co_return true;
}

/// A worker with four clients at a time.
void serve_as_worker(const config::Http& settings, const std::shared_ptr<BackendBoard>& board) {
    LoopWorker worker;
    BackendSet set(worker.context, settings, board);
    std::array<std::optional<bool>, 4> served;
    for (auto& one : served) {
        worker.start(serve_many(set, settings, 100), one);
    }
    EXPECT_TRUE(worker.run_until([&served] {
        return std::all_of(served.begin(), served.end(), [](const auto& one) { return one; });
    }));
    EXPECT_THAT(served, ::testing::Each(std::optional(true)));
}

TEST_F(HttpBackendSearch, WorkersShareTheLimitOfPlaces) {
    settings.connections.max = 2;
    settings.connections.queue_timeout = 10s;
    listen(4096);
    listen(4096);
    start();
    std::vector<std::thread> workers;
    for (int i = 0; i < 3; ++i) {
        workers.emplace_back([this] { serve_as_worker(settings, board); });
    }
    for (std::thread& thread : workers) {
        thread.join();
    }
    EXPECT_EQ(server(0).active(), 0U);
    EXPECT_EQ(server(1).active(), 0U);
    EXPECT_EQ(server(0).counters().requests + server(1).counters().requests, 1'200U);
}

}  // namespace
}  // namespace hsmfront::http::test
