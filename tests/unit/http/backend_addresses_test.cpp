// BackendAddresses: names with a lookup of the test's making.
#include "proxy/http/backend_addresses.hpp"

#include "backend_fixture.hpp"
#include "proxy/net/errc.hpp"

#include <deque>

namespace hsmfront::http::test {
namespace {

using namespace std::chrono_literals;
using List = BackendAddresses::List;

/// Answers in turn, the last one for ever; each after `delay`.
struct Script {
    std::deque<Result<List>> answers;
    net::milliseconds delay{0};
    int lookups = 0;
};

net::Task<Result<List>> play(net::Executor executor, Script* script) {
    net::Timer timer(executor, script->delay);
    co_await timer.async_wait(net::as_tuple);
    ++script->lookups;
    Result<List> answer = script->answers.front();
    if (script->answers.size() > 1) {
        script->answers.pop_front();
    }
    co_return answer;
}

class HttpBackendAddresses : public BackendFixture {
  protected:
    BackendAddresses::Lookup lookup() {
        return
            [this](net::Executor where, const config::Endpoint&) { return play(where, &script); };
    }

    net::tcp::endpoint address_of(const Listener& listener) {
        return {net::asio::ip::address_v4::loopback(), listener.port()};
    }

    /// A listener whose address is known by name only.
    Listener& listen_unnamed() {
        listeners.push_back(std::make_unique<Listener>(executor()));
        return *listeners.back();
    }

    void start_by_name() {
        settings.backends.servers = {{"backend.example", 80}};
        start(lookup());
    }

    Script script;
};

TEST_F(HttpBackendAddresses, LiteralIsNeverLookedUp) {
    script.answers = {List()};
    const std::uint16_t port = listen().port();
    start(lookup());
    EXPECT_EQ(request(), port);
    EXPECT_EQ(script.lookups, 0);
}

TEST_F(HttpBackendAddresses, RequestsWaitForTheFirstAnswerOnly) {
    script.delay = 30ms;
    const Listener& listener = listen_unnamed();
    script.answers = {List{address_of(listener)}};
    settings.resolve = 10ms;
    start_by_name();
    EXPECT_EQ(request(), listener.port());
    EXPECT_EQ(script.lookups, 1);
    script.delay = 10s;  // the next lookup hangs
    worker.loop.restart();
    worker.loop.run_for(30ms);
    const auto begun = net::Clock::now();
    EXPECT_EQ(request(), listener.port());
    EXPECT_LT(net::Clock::now() - begun, 5s);
}

TEST_F(HttpBackendAddresses, LastGoodAnswerHoldsWhileTheResolverFails) {
    const Listener& listener = listen_unnamed();
    const error_code failure = net::asio::error::host_not_found_try_again;
    script.answers = {List{address_of(listener)}, failure};
    settings.resolve = 5ms;
    start_by_name();
    EXPECT_EQ(request(), listener.port());
    ASSERT_TRUE(worker.run_until([this] { return script.lookups >= 3; }));
    EXPECT_EQ(request(), listener.port());
}

TEST_F(HttpBackendAddresses, NewAnswerMovesRequestsAndDropsIdleConnections) {
    const Listener& before = listen_unnamed();
    const Listener& after = listen_unnamed();
    script.answers = {List{address_of(before)}, List{address_of(after)}};
    settings.resolve = 20ms;
    start_by_name();
    EXPECT_EQ(request(Outcome::reusable), before.port());
    ASSERT_TRUE(worker.run_until([this] { return script.lookups >= 2; }));
    EXPECT_EQ(request(Outcome::reusable), after.port());
    EXPECT_EQ(set->idle(), 1U);
}

TEST_F(HttpBackendAddresses, EachOfSeveralAddressesIsTried) {
    listen_unnamed().close();
    const Listener& good = listen_unnamed();
    script.answers = {List{address_of(*listeners.front()), address_of(good)}};
    start_by_name();
    EXPECT_EQ(request(), good.port());
    EXPECT_EQ(server(0).counters().failures, 0U);
}

TEST_F(HttpBackendAddresses, NameThatWasNeverResolvedFailsWithoutAWait) {
    script.answers = {error_code(net::asio::error::host_not_found)};
    start_by_name();
    BackendSearch search(group());
    EXPECT_EQ(next(search).error(), net::asio::error::host_not_found);
    const auto begun = net::Clock::now();
    BackendSearch another(group());
    EXPECT_EQ(next(another).error(), net::asio::error::host_not_found);
    EXPECT_LT(net::Clock::now() - begun, 500ms);
}

TEST_F(HttpBackendAddresses, WaitForTheFirstAnswerHasALimit) {
    script.delay = 10s;
    script.answers = {List()};
    settings.timeouts.backend_connect = 30ms;
    start_by_name();
    BackendSearch search(group());
    EXPECT_EQ(next(search).error(), net::Errc::timed_out);
}

TEST_F(HttpBackendAddresses, SystemResolverKnowsLocalhost) {
    const Listener& listener = listen_unnamed();
    settings.backends.servers = {{"localhost", listener.port()}};
    start();
    EXPECT_EQ(request(), listener.port());
}

}  // namespace
}  // namespace hsmfront::http::test
