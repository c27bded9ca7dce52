// HTTP semantics at a gateway, section by section of RFC 9110.
#include "http_scene.hpp"

namespace hsmfront::test {
namespace {

class Rfc9110 : public PlayedHttp {};

constexpr auto websocket =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

TEST_F(Rfc9110, Section5_5RefusesNulInValues) {
    EXPECT_EQ(refusal(get("/", "X: a\0b\r\n"s)), "HTTP/1.1 400 Bad Request");
}

TEST_F(Rfc9110, Section6_4_1HeadHasALengthAndNoContent) {
    const HttpMessage answer = answered(
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    );
    EXPECT_EQ(answer.field("Content-Length"), "5");
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9110, Section6_4_1NoContentHasNoneWhateverItsLength) {
    const HttpMessage answer =
        answered(get("/"), "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(answer.start, "HTTP/1.1 204 No Content");
    EXPECT_EQ(answer.field("Content-Length"), "");
    EXPECT_EQ(answer.field("Transfer-Encoding"), "");
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9110, Section8_6NotModifiedTellsTheLengthOfAnotherResponse) {
    ASSERT_FALSE(head_behind(get("/", "If-None-Match: \"a\"\r\n")).empty());
    behind.send("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n");
    const std::string head = client.until("\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 304 Not Modified\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 5\r\n"));
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9110, Section6_5TrailersOfResponsesGoToWhoTakesThem) {
    ASSERT_EQ(request_behind(get("/", "TE: trailers\r\n")).field("TE"), "trailers");
    behind.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n"
        "Content-Length: 9\r\nSet-Cookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    EXPECT_THAT(client.until("\r\n\r\n"), HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_EQ(client.until("\r\n\r\n"), "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n");
}

TEST_F(Rfc9110, Section6_5TrailersOfResponsesAreDroppedForOthers) {
    ASSERT_EQ(request_behind(get("/")).field("TE"), "");
    behind.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n"
    );
    EXPECT_THAT(client.until("\r\n\r\n"), HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_EQ(client.until("\r\n\r\n"), "1\r\na\r\n0\r\n\r\n");
}

TEST_F(Rfc9110, Section6_6_1AddsADateOnlyIfThereIsNone) {
    EXPECT_THAT(
        answered(get("/"), ok_with("")).field("Date"),
        ::testing::ContainsRegex("^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} ... [0-9]{4} .* GMT$")
    );
    client.send(get("/"));
    ASSERT_FALSE(behind.until("\r\n\r\n").empty());
    behind.send("HTTP/1.1 200 OK\r\nDate: theirs\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(client.until("\r\n\r\n"), HasSubstr("\r\nDate: theirs\r\n"));
}

TEST_F(Rfc9110, Section7_6_1FieldsOfAConnectionEndHere) {
    const HttpMessage request = request_behind(
        get("/",
            "Connection: keep-alive, X-One, x-two\r\nX-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\n"
            "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\nTrailer: X\r\n"
            "Proxy-Authorization: Basic x\r\n")
    );
    for (const auto* name :
         {"Connection",
          "X-One",
          "X-Two",
          "Keep-Alive",
          "Proxy-Connection",
          "TE",
          "Trailer",
          "Proxy-Authorization"}) {
        EXPECT_EQ(request.field(name), "") << name;
    }
    EXPECT_EQ(request.field("X-Three"), "3");
}

TEST_F(Rfc9110, Section7_6_1FieldsOfTheBackendsConnectionEndHere) {
    const HttpMessage answer = answered(
        get("/"),
        "HTTP/1.1 200 OK\r\nConnection: X-One\r\nX-One: 1\r\nX-Two: 2\r\nKeep-Alive: 5\r\n"
        "Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nTrailer: X\r\nContent-Length: 0\r\n\r\n"
    );
    for (const auto* name :
         {"Connection", "X-One", "Keep-Alive", "Proxy-Authenticate", "Upgrade", "Trailer"}) {
        EXPECT_EQ(answer.field(name), "") << name;
    }
    EXPECT_EQ(answer.field("X-Two"), "2");
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9110, Section7_6_1ConnectionCannotRemoveWhatWeWrite) {
    const HttpMessage request = request_behind(post(
        "/",
        "Connection: host, content-length, x-forwarded-for, via, forwarded, close\r\n"
        "Content-Length: 4\r\n",
        "body"
    ));
    EXPECT_EQ(behind.take(4), "body");
    EXPECT_EQ(request.field("Host"), "localhost");
    EXPECT_EQ(request.field("Content-Length"), "4");
    EXPECT_EQ(request.field("X-Forwarded-For"), "127.0.0.1");
    EXPECT_EQ(request.field("Via"), "1.1 hsmfront");
    EXPECT_THAT(request.field("Forwarded"), StartsWith("for=127.0.0.1;"));
}

TEST_F(Rfc9110, Section7_6_3ViaIsExtendedBothWays) {
    const HttpMessage request =
        request_behind("GET / HTTP/1.0\r\nHost: a\r\nVia: 1.1 one\r\nVia: 1.0 two\r\n\r\n");
    EXPECT_EQ(request.field("Via"), "1.1 one, 1.0 two, 1.0 hsmfront");
    behind.send("HTTP/1.1 200 OK\r\nVia: 1.1 three\r\nContent-Length: 0\r\n\r\n");
    EXPECT_THAT(client.until("\r\n\r\n"), HasSubstr("\r\nVia: 1.1 three, 1.1 hsmfront\r\n"));
}

TEST_F(Rfc9110, Section7_8UpgradeToH2cIsNeverPassedOn) {
    const HttpMessage request = request_behind(
        get("/",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
            "AAMAAABkAAQAAP__\r\n")
    );
    EXPECT_EQ(request.field("Upgrade") + request.field("HTTP2-Settings"), "");
    EXPECT_EQ(request.field("Connection"), "");
    behind.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 502 "));
}

TEST_F(Rfc9110, Section7_8WebSocketsPassBytesBothWays) {
    const HttpMessage request = request_behind(get("/chat", websocket) + "early");
    EXPECT_EQ(request.field("Upgrade"), "websocket");
    EXPECT_EQ(request.field("Connection"), "Upgrade");
    EXPECT_TRUE(behind.silent(50ms)) << "bytes of the tunnel before there is one";
    behind.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Accept: x\r\n\r\nhello"
    );
    const std::string head = client.until("\r\n\r\n");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
    EXPECT_THAT(head, HasSubstr("\r\nUpgrade: websocket\r\n"));
    EXPECT_EQ(client.take(5), "hello");
    EXPECT_EQ(behind.take(5), "early");
    client.send(get("/not-a-request"));
    EXPECT_EQ(behind.until("\r\n\r\n"), get("/not-a-request"));
    behind.close();
    EXPECT_NE(client.rest().ending, Ending::silence);
}

TEST_F(Rfc9110, Section7_8DeclinedUpgradesAreOrdinaryRequests) {
    const HttpMessage answer = answered(get("/chat", websocket), ok_with("no"));
    EXPECT_EQ(answer.body, "no");
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9110, Section9_2_2RetriesWhatIsIdempotentOnAStaleConnection) {
    ASSERT_EQ(answered(get("/"), ok_with("a")).body, "a");
    client.send(get("/again"));
    ASSERT_THAT(behind.until("\r\n\r\n"), StartsWith("GET /again"));
    behind.close();
    Wire other = backend.accept();
    ASSERT_TRUE(other.open());
    EXPECT_THAT(other.until("\r\n\r\n"), StartsWith("GET /again"));
    other.send(ok_with("second"));
    EXPECT_THAT(client.until("second"), EndsWith("second"));
}

TEST_F(Rfc9110, Section9_3_8RefusesTrace) {
    EXPECT_EQ(refusal("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 501 Not Implemented");
}

TEST_F(Rfc9110, Section10_1_1ContinueComesFromTheBackendOnly) {
    const HttpMessage request =
        request_behind(post("/", "Content-Length: 4\r\nExpect: 100-continue\r\n", ""));
    EXPECT_EQ(request.field("Expect"), "100-continue");
    EXPECT_TRUE(behind.silent(100ms));
    EXPECT_EQ(client.available().bytes, "") << "continued without asking the backend";
    behind.send("HTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body");
    EXPECT_EQ(behind.take(4), "body");
    behind.send(ok_with("done"));
    EXPECT_THAT(client.until("done"), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9110, Section10_1_1EarlyFinalAnswersEndTheConnection) {
    const std::string head =
        head_behind(post("/", "Content-Length: 4\r\nExpect: 100-continue\r\n", ""));
    EXPECT_THAT(head, HasSubstr("\r\nExpect: 100-continue\r\n"));
    behind.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    const std::string answer = client.until("no");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
    // Content that comes now is no request, here or behind.
    client.send(get("/smuggled"));
    EXPECT_EQ(client.rest().bytes, "");
    EXPECT_THAT(behind.rest().bytes, Not(HasSubstr("smuggled")));
    EXPECT_FALSE(backend.accept(50ms).open());
}

TEST_F(Rfc9110, Section10_1_4OnlyTrailersOfTeGoOn) {
    const HttpMessage request = request_behind(get("/", "TE: gzip;q=0.5, trailers\r\n"));
    EXPECT_EQ(request.field("TE"), "trailers");
    EXPECT_EQ(request.field("Connection"), "TE");
}

TEST_F(Rfc9110, Section15_2InterimResponsesAreRelayed) {
    ASSERT_FALSE(head_behind(get("/")).empty());
    behind.send(
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: X\r\nX: y\r\n\r\n" + ok_with("a")
    );
    EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
    EXPECT_THAT(client.until("\r\n\r\na"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(Rfc9110, Section15_2InterimResponsesAreNotForHttp10) {
    ASSERT_FALSE(
        head_behind(
            "POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"
        )
            .empty()
    );
    behind.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + ok_with("a"));
    const Wire::Rest answer = client.rest();
    EXPECT_THAT(answer.bytes, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(answer.ending, Ending::close_notify);
}

TEST_F(Rfc9110, Section15_5_20HostsOfAnotherCertificateAreMisdirected) {
    config.http.extra = "hosts: { other.example: { alias: rsa } }\n";
    client = connect();  // with the SNI "localhost"
    client.send("GET / HTTP/1.1\r\nHost: other.example\r\n\r\n");
    EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 421 Misdirected Request\r\n"));
    EXPECT_FALSE(backend.accept(50ms).open());
}

}  // namespace
}  // namespace hsmfront::test
