// Responses, flow control and the ends of streams. Names give the sections of RFC 9113.
#include "http2_scene.hpp"

namespace hsmfront::test {
namespace {

using h2::request;

class Http2Streams : public Http2Scene {};

TEST_F(Http2Streams, S8_2_2_ResponseFieldsOfAConnectionStayBehind) {
    const auto ignored = head_behind2(1, request("GET", "/"));
    auto& answer = answered2(
        1,
        "HTTP/1.1 200 Fine\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nX-Own: Value\r\n"
        "Set-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok"
    );
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.field("x-own"), "Value");
    EXPECT_EQ(answer.field("x-hop") + answer.field("connection") + answer.field("keep-alive"), "");
    EXPECT_EQ(answer.field("set-cookie"), "a; Secure | b; Secure");
    EXPECT_EQ(answer.field("content-length"), "2");
    EXPECT_EQ(answer.body, "ok");
}

TEST_F(Http2Streams, Rfc9110_15_5_20_HostsOfAnotherCertificateAreMisdirected) {
    config.http.extra = "hosts: { other.example: { alias: rsa } }\n";
    client2 = connect2();  // with the SNI "localhost"
    h2::Fields misdirected = request("GET", "/");
    misdirected[2].second = "other.example";
    client2.request(1, misdirected);
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).status(), 421);
    EXPECT_TRUE(serves(3));
}

TEST_F(Http2Streams, S8_1_HeadAnd204And304EndWithTheirHead) {
    auto ignored = head_behind2(1, request("HEAD", "/"));
    auto& head = answered2(1, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 7\r\n\r\n");
    EXPECT_EQ(head.field("content-length"), "7");
    EXPECT_TRUE(head.ended);
    EXPECT_FALSE(head.reset);
    for (const std::uint32_t id : {3U, 5U}) {
        ignored = head_behind2(id, request("GET", "/"));
        const std::string status = id == 3 ? "204 No Content" : "304 Not Modified";
        auto& answer = answered2(id, "HTTP/1.1 " + status + "\r\nConnection: close\r\n\r\n");
        EXPECT_EQ(answer.status(), id == 3 ? 204 : 304);
        EXPECT_TRUE(answer.ended);
        EXPECT_EQ(answer.body, "");
    }
}

TEST_F(Http2Streams, S8_1_TrailersBothWays) {
    client2 = connect2();
    client2.request(1, request("POST", "/", {{"te", "trailers"}}), false);
    behind = backend.accept();
    EXPECT_THAT(behind.until("\r\n\r\n"), HasSubstr("\r\nTE: trailers\r\n"));
    client2.data(1, "abc", false);
    client2.request(1, {{"x-sum", "1"}});
    EXPECT_THAT(behind.until("0\r\n"), EndsWith("abc\r\n0\r\n"));
    static_cast<void>(behind.until("\r\n"));
    auto& answer = answered2(
        1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 2\r\n\r\n"
    );
    EXPECT_EQ(answer.body, "abc");
    ASSERT_EQ(answer.trailers.size(), 1U);
    EXPECT_EQ(answer.trailers.front().first, "x-sum");
    EXPECT_TRUE(answer.ended);
}

TEST_F(Http2Streams, S8_1_InterimResponses) {
    const auto head = head_behind2(
        1, request("POST", "/", {{"expect", "100-continue"}, {"content-length", "3"}}), false
    );
    behind.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    ASSERT_TRUE(client2.await([&] { return client2.stream(1).interim.size() == 2; }));
    EXPECT_EQ(client2.stream(1).interim.at(0).front().second, "100");
    EXPECT_EQ(client2.stream(1).interim.at(1).back().second, "</a>");
    client2.data(1, "abc", true);
    EXPECT_EQ(behind.take(3), "abc");
    EXPECT_EQ(answered2(1, ok_with("ok")).body, "ok");
}

TEST_F(Http2Streams, S8_1_EarlyAnswerEndsTheRequestWithNoError) {
    const auto ignored = head_behind2(1, request("POST", "/", {{"content-length", "9000"}}), false);
    client2.data(1, "abc", false);
    behind.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    ASSERT_TRUE(client2.await([&] { return client2.stream(1).reset.has_value(); }));
    EXPECT_EQ(client2.stream(1).reset, h2::no_error);
    EXPECT_EQ(client2.stream(1).status(), 403);
    EXPECT_EQ(client2.stream(1).body, "no");
    EXPECT_TRUE(client2.stream(1).ended);
    client2.data(1, "late", false);
    EXPECT_TRUE(client2.round_trip());
}

TEST_F(Http2Streams, S8_1_TruncatedResponsesAreReset) {
    const std::vector<std::string> answers = {
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"};
    std::uint32_t id = 1;
    for (const std::string& answer : answers) {
        const auto ignored = head_behind2(id, request("GET", "/"));
        behind.send(answer);
        ASSERT_TRUE(client2.await([&] { return client2.stream(id).body == "abc"; }));
        behind.close();
        ASSERT_TRUE(client2.done(id));
        EXPECT_FALSE(client2.stream(id).ended);
        EXPECT_EQ(client2.stream(id).reset, h2::internal_error);
        id += 2;
    }
}

TEST_F(Http2Streams, BackendThatIsDownGives502) {
    backend.close();
    client2 = connect2();
    client2.request(1, request("GET", "/"));
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).status(), 502);
    EXPECT_THAT(client2.stream(1).body, StartsWith("502 Bad Gateway"));
}

TEST_F(Http2Streams, S5_4_2_ResetEndsTheBackendsRequestAtOnce) {
    auto ignored = head_behind2(1, request("GET", "/"));
    client2.reset(1);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    ignored = head_behind2(3, request("POST", "/", {{"content-length", "10"}}), false);
    client2.data(3, "abc", false);
    EXPECT_EQ(behind.take(3), "abc");
    client2.reset(3);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    ignored = head_behind2(5, request("GET", "/"));
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    ASSERT_TRUE(client2.await([&] { return client2.stream(5).body == "abc"; }));
    client2.reset(5);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
}

TEST_F(Http2Streams, S5_1_StreamsAreAnsweredOutOfOrder) {
    client2 = connect2();
    client2.request(1, request("GET", "/1"));
    Wire first = backend.accept();
    EXPECT_THAT(first.until("\r\n\r\n"), StartsWith("GET /1 "));
    client2.request(3, request("GET", "/3"));
    Wire second = backend.accept();
    EXPECT_THAT(second.until("\r\n\r\n"), StartsWith("GET /3 "));
    second.send(ok_with("second"));
    ASSERT_TRUE(client2.done(3));
    EXPECT_FALSE(client2.stream(1).done());
    first.send(ok_with("first"));
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).body + client2.stream(3).body, "firstsecond");
}

TEST_F(Http2Streams, S5_1_2_MoreStreamsThanAnnouncedAreRefused) {
    config.http.extra = "limits: { http2: { streams: 2 } }";
    client2 = Http2Client(agree());
    client2.settling = false;
    client2.greet();
    ASSERT_TRUE(client2.round_trip());
    EXPECT_EQ(client2.settings().at(3), 2U);
    for (const std::uint32_t id : {1U, 3U, 5U}) {
        client2.request(id, request("GET", "/"));
    }
    ASSERT_TRUE(client2.done(5));
    EXPECT_EQ(client2.stream(5).reset, h2::refused_stream);
    // Who knows the limit and goes beyond it all the same is worth no connection.
    client2.send(h2::frame(h2::settings, h2::ack, 0));
    client2.request(7, request("GET", "/"));
    client2.closed();
    ASSERT_FALSE(client2.goaways().empty());
    EXPECT_EQ(client2.goaways().back().error, h2::protocol_error);
}

TEST_F(Http2Streams, S5_2_UploadKeepsPaceWithTheBackend) {
    config.http.extra = "limits: { http2: { window: 64KiB } }";
    const auto ignored =
        head_behind2(1, request("POST", "/", {{"content-length", "100000000"}}), false);
    ASSERT_TRUE(client2.round_trip());
    EXPECT_EQ(client2.settings().at(4), 65536U);
    // The backend takes nothing: once the buffers between are full no window is given back.
    const std::string piece(16000, 'x');
    std::size_t sent = 0;
    for (bool more = true; more;) {
        while (65536 + client2.window(1) >= sent + piece.size()) {
            client2.data(1, piece, false);
            sent += piece.size();
        }
        const std::uint64_t before = client2.window(1);
        for (int i = 0; i < 20 && client2.window(1) == before; ++i) {
            std::this_thread::sleep_for(10ms);
            ASSERT_TRUE(client2.round_trip());
        }
        more = client2.window(1) > before;
        ASSERT_LT(sent, 50'000'000U);
    }
    expect_memory_below(40'000U);
    // Another stream goes on.
    client2.request(3, request("GET", "/"));
    Wire other = backend.accept();
    static_cast<void>(other.until("\r\n\r\n"));
    other.send(ok_with("other"));
    ASSERT_TRUE(client2.done(3));
    EXPECT_EQ(client2.stream(3).body, "other");
    // The backend takes it all: the window opens again.
    const std::uint64_t before = client2.window(1);
    EXPECT_EQ(behind.take(sent).size(), sent);
    EXPECT_TRUE(client2.await([&] { return client2.window(1) > before; }));
}

TEST_F(Http2Streams, S5_2_StalledDownloadLeavesOthersAlone) {
    client2 = connect2();
    client2.generous = false;
    client2.grant(0, 1'000'000);
    client2.request(1, request("GET", "/big"));
    behind = backend.accept();
    static_cast<void>(behind.until("\r\n\r\n"));
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'b'));
    ASSERT_TRUE(client2.await([&] { return client2.stream(1).body.size() == 65535; }));
    client2.request(3, request("GET", "/"));
    Wire other = backend.accept();
    static_cast<void>(other.until("\r\n\r\n"));
    other.send(ok_with("other"));
    ASSERT_TRUE(client2.done(3));
    EXPECT_EQ(client2.stream(3).body, "other");
    EXPECT_EQ(client2.stream(1).body.size(), 65535U);
    client2.grant(1, 300'000);
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).body.size(), 300'000U);
    EXPECT_TRUE(client2.stream(1).ended);
}

TEST_F(Http2Streams, S10_5_ZeroWindowIsNotWaitedForForever) {
    config.http.extra = "timeouts: { stall: 300ms }";
    client2 = connect2();
    client2.generous = false;
    client2.grant(0, 1'000'000);
    client2.request(1, request("GET", "/big"));
    behind = backend.accept();
    static_cast<void>(behind.until("\r\n\r\n"));
    behind.send("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'b'));
    ASSERT_TRUE(client2.done(1));
    EXPECT_TRUE(client2.stream(1).reset.has_value());
    EXPECT_FALSE(client2.stream(1).ended);
    behind.close();
    EXPECT_TRUE(serves(3));
}

TEST_F(Http2Streams, UploadThatStallsIs408) {
    config.http.extra = "timeouts: { stall: 300ms }";
    const auto ignored = head_behind2(1, request("POST", "/", {{"content-length", "9"}}), false);
    client2.data(1, "abc", false);
    ASSERT_TRUE(client2.await([&] { return client2.stream(1).reset.has_value(); }));
    EXPECT_EQ(client2.stream(1).status(), 408);
    EXPECT_EQ(client2.stream(1).reset, h2::no_error);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
}

TEST_F(Http2Streams, ContentBeyondTheLimitIs413) {
    config.http.extra = "limits: { body: 1KiB }";
    client2 = connect2();
    client2.request(1, request("POST", "/", {{"content-length", "5000"}}), false);
    ASSERT_TRUE(client2.await([&] { return client2.stream(1).reset.has_value(); }));
    EXPECT_EQ(client2.stream(1).status(), 413);
    client2.request(3, request("POST", "/"), false);
    behind = backend.accept();
    client2.data(3, std::string(5000, 'x'), false);
    ASSERT_TRUE(client2.await([&] { return client2.stream(3).reset.has_value(); }));
    EXPECT_EQ(client2.stream(3).status(), 413);
    behind.close();
    EXPECT_TRUE(serves(5));
}

TEST_F(Http2Streams, LargeContentArrivesWhole) {
    client2 = connect2();
    client2.request(1, request("GET", "/big"));
    behind = backend.accept();
    static_cast<void>(behind.until("\r\n\r\n"));
    std::string content;
    for (int i = 0; content.size() < 400'000; ++i) {
        content += std::to_string(i) + ' ';
    }
    behind.send("HTTP/1.1 200 OK\r\n\r\n" + content);
    behind.finish();
    ASSERT_TRUE(client2.done(1));
    EXPECT_TRUE(client2.stream(1).body == content);
    EXPECT_TRUE(client2.stream(1).ended);
}

}  // namespace
}  // namespace hsmfront::test
