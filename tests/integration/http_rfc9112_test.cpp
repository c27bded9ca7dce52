// HTTP/1.1 framing and connections, section by section of RFC 9112.
#include "http_scene.hpp"

namespace hsmfront::test {
namespace {

class Rfc9112 : public PlayedHttp {
  protected:
    /// For a POST with these field lines, which a smuggler would write.
    std::string refusal_of(const std::string& lines) {
        return refusal(post("/", lines, "0\r\n\r\n" + get("/smuggled")));
    }

    /// The answer to chunks that are refused when their head is already behind.
    std::string refusal_of_chunks(const std::string& chunks) {
        EXPECT_FALSE(head_behind(post("/", "Transfer-Encoding: chunked\r\n", "")).empty());
        client.send(chunks);
        EXPECT_EQ(behind.rest().ending, Ending::reset);
        const Wire::Rest answer = client.rest();
        EXPECT_EQ(answer.ending, Ending::close_notify);
        return answer.bytes.substr(0, answer.bytes.find("\r\n"));
    }
};

constexpr auto bad_request = "HTTP/1.1 400 Bad Request";

TEST_F(Rfc9112, Section2_2RefusesBareCr) {
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n"), bad_request);
}

TEST_F(Rfc9112, Section2_2RefusesBareLf) {
    EXPECT_EQ(refusal("GET / HTTP/1.1\nHost: a\n\n"), bad_request);
}

TEST_F(Rfc9112, Section2_2RefusesSpaceBehindTheStartLine) {
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n"), bad_request);
    EXPECT_EQ(refusal("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), bad_request);
}

TEST_F(Rfc9112, Section2_2TakesOneEmptyLineBeforeARequest) {
    EXPECT_THAT(head_behind("\r\n" + get("/a")), StartsWith("GET /a HTTP/1.1\r\n"));
}

TEST_F(Rfc9112, Section2_5MessagesAreOfOurVersion) {
    const HttpMessage answer = answered(
        "GET /a HTTP/1.0\r\nHost: a\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"
    );
    EXPECT_EQ(answer.start, "HTTP/1.1 200 OK");
}

TEST_F(Rfc9112, Section3_2RefusesMissingOrTwoHosts) {
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nX: y\r\n\r\n"), bad_request);
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), bad_request);
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), bad_request);
}

TEST_F(Rfc9112, Section3_2_2AbsoluteFormOverridesHost) {
    const HttpMessage request =
        request_behind("GET HTTPS://one.example:8443/a?b HTTP/1.1\r\nHost: two.example\r\n\r\n");
    EXPECT_EQ(request.start, "GET /a?b HTTP/1.1");
    EXPECT_EQ(request.field("Host"), "one.example:8443");
    EXPECT_EQ(request.field("X-Forwarded-Host"), "one.example:8443");
}

TEST_F(Rfc9112, Section3_2_2AbsoluteFormNeedsHostToo) {
    EXPECT_EQ(refusal("GET http://a/ HTTP/1.1\r\n\r\n"), bad_request);
    EXPECT_EQ(refusal("GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), bad_request);
}

TEST_F(Rfc9112, Section3_2_3RefusesConnect) {
    EXPECT_EQ(
        refusal("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), "HTTP/1.1 501 Not Implemented"
    );
}

TEST_F(Rfc9112, Section3_2_4OptionsOfTheServer) {
    EXPECT_EQ(request_behind("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").start, "OPTIONS * HTTP/1.1");
}

TEST_F(Rfc9112, Section3_2_4OptionsOfTheServerInAbsoluteForm) {
    EXPECT_EQ(
        request_behind("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n").start, "OPTIONS * HTTP/1.1"
    );
}

TEST_F(Rfc9112, Section5_1RefusesSpaceBeforeColon) {
    EXPECT_EQ(refusal(get("/", "X : y\r\n")), bad_request);
    EXPECT_EQ(refusal(get("/", "X\t: y\r\n")), bad_request);
}

TEST_F(Rfc9112, Section5_2RefusesObsFold) {
    EXPECT_EQ(refusal(get("/", "X: y\r\n z\r\n")), bad_request);
    EXPECT_EQ(refusal(get("/", "X: y\r\n\tz\r\n")), bad_request);
}

TEST_F(Rfc9112, Section6_1RefusesTransferEncodingInHttp10) {
    EXPECT_EQ(
        refusal("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        bad_request
    );
}

TEST_F(Rfc9112, Section6_3RefusesContentLengthBesideTransferEncoding) {
    EXPECT_EQ(refusal_of("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), bad_request);
    EXPECT_EQ(refusal_of("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), bad_request);
}

TEST_F(Rfc9112, Section6_3RefusesTwoContentLengths) {
    EXPECT_EQ(refusal_of("Content-Length: 5\r\nContent-Length: 6\r\n"), bad_request);
    EXPECT_EQ(refusal_of("Content-Length: 5\r\nContent-Length: 5\r\n"), bad_request);
    EXPECT_EQ(refusal_of("Content-Length: 5, 5\r\n"), bad_request);
}

TEST_F(Rfc9112, Section6_3RefusesCodingsThatDoNotEndInChunked) {
    EXPECT_EQ(refusal_of("Transfer-Encoding: chunked, gzip\r\n"), bad_request);
    EXPECT_EQ(refusal_of("Transfer-Encoding: gzip\r\n"), bad_request);
}

TEST_F(Rfc9112, Section7_1RefusesOverflowingChunkSizes) {
    EXPECT_EQ(refusal_of_chunks("10000000000000005\r\nabcde\r\n0\r\n\r\n"), bad_request);
}

TEST_F(Rfc9112, Section7_1RefusesBareLfBehindAChunkSize) {
    EXPECT_EQ(refusal_of_chunks("5\nabcde\r\n0\r\n\r\n"), bad_request);
}

TEST_F(Rfc9112, Section7_1_1RefusesOverlongExtensions) {
    EXPECT_EQ(
        refusal_of_chunks("5;x=" + std::string(10'000, 'y') + "\r\nabcde\r\n0\r\n\r\n"), bad_request
    );
}

TEST_F(Rfc9112, Section7_1_1ExtensionsEndHere) {
    const std::string head =
        head_behind(post("/", "Transfer-Encoding: chunked\r\n", "5;x=y\r\nabcde\r\n0;z\r\n\r\n"));
    EXPECT_THAT(head, HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    EXPECT_EQ(behind.take(15), "5\r\nabcde\r\n0\r\n\r\n");
}

TEST_F(Rfc9112, Section7_1_2TrailersOfRequestsAreDropped) {
    EXPECT_FALSE(head_behind(post(
                                 "/",
                                 "Transfer-Encoding: chunked\r\nTrailer: X\r\n",
                                 "1\r\na\r\n0\r\nX: y\r\nContent-Length: 9\r\nHost: b\r\n\r\n"
                             ))
                     .empty());
    EXPECT_EQ(behind.take(11), "1\r\na\r\n0\r\n\r\n");
    EXPECT_TRUE(behind.silent());
}

TEST_F(Rfc9112, Section9_3_1DoesNotRetryWhatMayHaveHadAnEffect) {
    ASSERT_EQ(answered(get("/"), ok_with("a")).body, "a");
    client.send(post("/pay", "Content-Length: 1\r\n", "x"));
    ASSERT_THAT(behind.until("\r\n\r\nx"), StartsWith("POST /pay"));
    behind.close();
    EXPECT_THAT(client.until("\r\n\r\n"), StartsWith("HTTP/1.1 502 "));
    EXPECT_FALSE(backend.accept(50ms).open());
}

TEST_F(Rfc9112, Section9_3ConnectionsPersistOnBothSides) {
    ASSERT_EQ(answered(get("/"), ok_with("a")).body, "a");
    EXPECT_TRUE(goes_on());
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9112, Section9_3Http10PersistsIfAsked) {
    const std::string request = "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
    const HttpMessage answer = answered(request, ok_with("a"));
    EXPECT_EQ(answer.field("Connection"), "keep-alive");
    EXPECT_TRUE(goes_on());
}

TEST_F(Rfc9112, Section9_3_2PipelinedRequestsAreAnsweredInOrder) {
    ASSERT_THAT(head_behind(get("/1") + get("/2") + get("/3")), StartsWith("GET /1 "));
    EXPECT_TRUE(behind.silent(50ms)) << "two requests at a time";
    behind.send(ok_with("one"));
    ASSERT_THAT(behind.until("\r\n\r\n"), StartsWith("GET /2 "));
    behind.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n");
    ASSERT_THAT(behind.until("\r\n\r\n"), StartsWith("GET /3 "));
    behind.send(ok_with("three"));
    client.finish();
    const Reading answers = read_responses(client.rest().bytes);
    ASSERT_EQ(answers.messages.size(), 3U);
    EXPECT_EQ(answers.messages[0].body, "one");
    EXPECT_EQ(answers.messages[1].body, "two");
    EXPECT_EQ(answers.messages[2].body, "three");
}

TEST_F(Rfc9112, Section9_6AnEarlyAnswerReachesAClientThatGoesOnSending) {
    ASSERT_FALSE(head_behind(post("/", "Content-Length: 100000000\r\n", "some")).empty());
    behind.send(
        "HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\nConnection: close\r\n\r\nlarge"
    );
    behind.close();
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 30; ++i) {
        ASSERT_TRUE(client.send(piece)) << "reset instead of lingering";
    }
    const Wire::Rest answer = client.rest();
    EXPECT_THAT(answer.bytes, StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer.bytes, HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_THAT(answer.bytes, EndsWith("\r\n\r\nlarge"));
    EXPECT_EQ(answer.ending, Ending::close_notify);
}

TEST_F(Rfc9112, Section9_6CloseOfTheClientEndsTheConnection) {
    const HttpMessage answer = answered(get("/", "Connection: close\r\n"), ok_with("a"));
    EXPECT_EQ(answer.field("Connection"), "close");
    EXPECT_EQ(client.rest().ending, Ending::close_notify);
}

TEST_F(Rfc9112, Section9_8ACutRequestDoesNotEndInOrderBehind) {
    ASSERT_FALSE(head_behind(post("/", "Content-Length: 10\r\n", "some")).empty());
    client.send_fin();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
}

TEST_F(Rfc9112, Section9_3ABackendConnectionIdleForTooLongIsClosed) {
    config.http.extra = "connections: { idle_time: 300ms }\n";
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(answered(get("/"), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    EXPECT_EQ(behind.rest().bytes, "") << "waits for the end";
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms);
}

}  // namespace
}  // namespace hsmfront::test
