// How HTTP/2 is agreed on, and how its connections end. Names give the sections of RFC 9113.
#include "http2_scene.hpp"

#include <csignal>

namespace hsmfront::test {
namespace {

using h2::request;

class Http2Life : public Http2Scene {
  protected:
    [[nodiscard]] static std::string agreed(const Wire& wire) {
        const unsigned char* name = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(wire.ssl(), &name, &size);
        return {reinterpret_cast<const char*>(name), size};
    }
};

TEST_F(Http2Life, S3_2_AlpnIsStrict) {
    EXPECT_EQ(agreed(agree("h2,http/1.1")), "h2");
    EXPECT_EQ(agreed(agree("http/1.1,h2")), "h2");
    EXPECT_EQ(agreed(agree("http/1.1")), "http/1.1");
    EXPECT_FALSE(agree("h3").open());
    EXPECT_EQ(agreed(agree("")), "");
}

TEST_F(Http2Life, S3_2_SwitchedOffItIsNotOffered) {
    config.http.extra = "http2: false";
    EXPECT_EQ(agreed(agree("h2,http/1.1")), "http/1.1");
    EXPECT_FALSE(agree("h2").open());
}

TEST_F(Http2Life, S3_4_PrefaceThatIsNone) {
    Wire wire = agree();
    wire.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_THAT(wire.rest().bytes, Not(HasSubstr("HTTP/1.1 ")));
    EXPECT_FALSE(backend.accept(20ms).open());
}

TEST_F(Http2Life, S6_8_DrainSaysGoAwayTwice) {
    auto ignored = head_behind2(1, request("GET", "/"));
    front->process().signal(SIGTERM);
    ASSERT_TRUE(client2.await([&] { return !client2.goaways().empty(); }));
    EXPECT_EQ(client2.goaways().at(0).last, 0x7fffffffU);
    EXPECT_EQ(client2.goaways().at(0).error, h2::no_error);
    ASSERT_TRUE(client2.await([&] { return client2.goaways().size() == 2; }));
    EXPECT_EQ(client2.goaways().at(1).last, 1U);
    behind.send(ok_with("last"));
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).body, "last");
    EXPECT_TRUE(client2.closed());
}

TEST_F(Http2Life, S6_8_RequestUnderWayToTheFirstGoAwayIsServed) {
    auto ignored = head_behind2(1, request("GET", "/"));
    front->process().signal(SIGTERM);
    ASSERT_TRUE(front->logged("stopping"));
    client2.request(3, request("GET", "/3"));
    Wire other = backend.accept();
    EXPECT_THAT(other.until("\r\n\r\n"), StartsWith("GET /3 "));
    other.send(ok_with("three"));
    behind.send(ok_with("one"));
    ASSERT_TRUE(client2.done(1) && client2.done(3));
    EXPECT_EQ(client2.stream(3).body, "three");
    EXPECT_TRUE(client2.closed());
    EXPECT_EQ(client2.goaways().back().last, 3U);
}

TEST_F(Http2Life, S6_8_IdleConnectionEndsInADrain) {
    client2 = connect2();
    ASSERT_TRUE(client2.round_trip());
    front->process().signal(SIGTERM);
    EXPECT_TRUE(client2.closed());
    EXPECT_EQ(client2.goaways().size(), 2U);
    client2.wire().close();
    EXPECT_EQ(front->process().wait(1500ms), 0);
}

/// Clients that were told GOAWAY and have yet to close have nothing to be told by a drain.
TEST_F(Http2Life, DrainOfConnectionsThatAreEndingAlready) {
    std::vector<Http2Client> clients;
    for (int i = 0; i < 100; ++i) {
        Http2Client& guilty = clients.emplace_back(connect2());
        guilty.send(h2::frame(h2::data, h2::none, 0));
        ASSERT_TRUE(guilty.await([&] { return !guilty.goaways().empty(); }));
    }
    front->process().signal(SIGTERM);
    for (Http2Client& guilty : clients) {  // one after the other, so that some leave as it comes
        std::this_thread::sleep_for(50us);
        guilty.wire().close();
    }
    EXPECT_EQ(front->process().wait(30s), 0);
}

TEST_F(Http2Life, DrainThatTakesTooLongCuts) {
    config.drain = "300ms";
    auto ignored = head_behind2(1, request("GET", "/"));
    front->process().signal(SIGTERM);
    EXPECT_FALSE(client2.closed());
    EXPECT_THAT(client2.ending(), ::testing::AnyOf(Ending::cut, Ending::reset));
    EXPECT_EQ(behind.rest().ending, Ending::reset);
}

TEST_F(Http2Life, S9_1_IdleConnectionsEndWithGoAway) {
    config.http.extra = "timeouts: { idle: 200ms }";
    auto ignored = head_behind2(1, request("GET", "/"));
    EXPECT_EQ(answered2(1, ok_with("ok")).body, "ok");
    EXPECT_TRUE(client2.closed());
    ASSERT_EQ(client2.goaways().size(), 1U);
    EXPECT_EQ(client2.goaways().front().error, h2::no_error);
    EXPECT_EQ(client2.goaways().front().last, 1U);
    EXPECT_TRUE(front->logged("reason=\"idle\""));
}

TEST_F(Http2Life, FirstRequestHasToComeInTime) {
    config.http.extra = "timeouts: { header: 200ms }";
    Wire silent = agree();
    EXPECT_EQ(silent.rest().ending, Ending::close_notify);
    client2 = connect2();
    EXPECT_TRUE(client2.closed());
}

TEST_F(Http2Life, S4_3_HeaderBlockHasToEndInTime) {
    config.http.extra = "timeouts: { header: 300ms }";
    client2 = connect2();
    client2.request(1, request("GET", "/"));
    behind = backend.accept();
    ASSERT_TRUE(client2.round_trip());
    client2.send(h2::frame(h2::headers, h2::end_stream, 3, h2::block(request("GET", "/"))));
    EXPECT_TRUE(client2.closed());
    EXPECT_TRUE(front->logged("request head timed out"));
}

TEST_F(Http2Life, S6_5_3_SettingsHaveToBeAcknowledged) {
    config.http.extra = "timeouts: { header: 200ms, idle: 5s }";
    client2 = Http2Client(agree());
    client2.settling = false;
    client2.greet();
    auto ignored = head_behind2(1, request("GET", "/"));
    std::this_thread::sleep_for(250ms);
    client2.request(3, request("GET", "/"));
    client2.closed();
    ASSERT_FALSE(client2.goaways().empty());
    EXPECT_EQ(client2.goaways().back().error, h2::settings_timeout);
}

TEST_F(Http2Life, ClientThatDoesNotReadIsGivenUp) {
    config.http.extra = "timeouts: { stall: 300ms }";
    client2 = connect2();
    client2.grant(0, 0x70000000);
    client2.send(h2::frame(h2::settings, h2::none, 0, h2::number(4, 2) + h2::number(0x7fffffff, 4))
    );
    client2.request(1, request("GET", "/big"));
    behind = backend.accept();
    static_cast<void>(behind.until("\r\n\r\n"));
    const std::string piece(1'000'000, 'b');
    behind.send("HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 200 && behind.send(piece); ++i) {
    }
    EXPECT_TRUE(front->logged("client stalled"));
    expect_memory_below(40'000U);
}

TEST_F(Http2Life, EndOfTheClientEndsItsRequests) {
    auto ignored = head_behind2(1, request("GET", "/"));
    client2.wire().finish();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_TRUE(front->logged("client closed"));
}

}  // namespace
}  // namespace hsmfront::test
