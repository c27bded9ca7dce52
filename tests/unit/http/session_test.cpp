// HTTP/1 sessions between a scripted client and a scripted origin on real sockets.
#include "proxy/http/errors.hpp"
#include "proxy_fixture.hpp"

#include <gmock/gmock.h>

namespace hsmfront::http::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpSession : public ProxyFixture {};

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(HttpSession, KeepsBothConnections) {
    Wire client = connect();
    client.send(get);
    Wire backend = origin.accept();
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(backend.head(), StartsWith("GET / HTTP/1.1\r\nHost: a\r\n"));
        backend.send(ok);
        EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_EQ(client.exactly(2), "ok");
        client.send(get);
    }
    EXPECT_FALSE(origin.pending());
}

TEST_F(HttpSession, AnswersPipelinedRequestsInOrder) {
    Wire client = connect();
    client.send(
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
        "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
    );
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET /1 "));
    EXPECT_TRUE(backend.silent());
    backend.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
    EXPECT_THAT(backend.head(), StartsWith("POST /2 "));
    EXPECT_EQ(backend.exactly(3), "abc");
    backend.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
    EXPECT_THAT(backend.head(), StartsWith("GET /3 "));
    backend.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n3");
    std::string answers;
    for (int i = 0; i < 3; ++i) {
        EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
        answers += client.exactly(1);
    }
    EXPECT_EQ(answers, "123");
}

TEST_F(HttpSession, ReframesChunkedContentBothWays) {
    Wire client = connect();
    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;ext=1\r\nhello\r\n0\r\nSecret-Trailer: x\r\n\r\n"
    );
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_EQ(backend.until("0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n");
    backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n");
    EXPECT_THAT(client.head(), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_EQ(client.exactly(8), "3\r\nabc\r\n");
    backend.send("0\r\nTrailer-Field: y\r\n\r\n");
    EXPECT_EQ(client.exactly(5), "0\r\n\r\n");
}

TEST_F(HttpSession, PassesTrailersToClientsThatTakeThem) {
    Wire client = connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), HasSubstr("TE: trailers\r\n"));
    backend.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nSum: 1\r\nHost: x\r\n\r\n"
    );
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(client.until("\r\n\r\n"), "0\r\nSum: 1\r\n\r\n");
}

TEST_F(HttpSession, SendsHeadAndSmallContentInOneWrite) {
    Wire client = connect();
    client.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send(ok);
    ASSERT_THAT(client.until("\r\n"), StartsWith("HTTP/1.1 200"));
    // What is left of the same segment needs no further wait.
    EXPECT_THAT(client.rest_of_segment(), EndsWith("\r\n\r\nok"));
}

TEST_F(HttpSession, StreamsLargeContentBothWaysWithFixedMemory) {
    constexpr std::size_t size = 8 * 1024 * 1024;
    std::string content(size, 'x');
    for (std::size_t i = 0; i < size; i += 4096) {
        content[i] = static_cast<char>('a' + (i / 4096) % 26);
    }
    Wire client = connect();
    client.send(
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n"
    );
    std::thread uploading([&] { client.send(content); });
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("PUT"));
    EXPECT_TRUE(backend.exactly(size) == content);
    uploading.join();
    std::thread answering([&] {
        backend.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
        backend.send(content);
    });
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
    EXPECT_TRUE(client.exactly(size) == content);
    answering.join();
    worker.on_worker([&] { EXPECT_LE(worker.context().buffers.lent(), 2U); });
}

TEST_F(HttpSession, IdleConnectionsHoldNoBuffer) {
    Wire client = connect();
    client.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send(ok);
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(client.exactly(2), "ok");
    Wire slow = connect();
    slow.send("GET / HT");
    EXPECT_TRUE(slow.silent());
    worker.on_worker([&] { EXPECT_EQ(worker.context().buffers.lent(), 0U); });
}

TEST_F(HttpSession, RefusesAmbiguousFramingBeforeTheBackendSeesIt) {
    for (const std::string_view fields :
         {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
          "Content-Length: 3, 3\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
          "Content-Length : 3\r\n"}) {
        Wire client = connect();
        client.send("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\nabc");
        const std::string answer = client.rest();
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << fields;
        EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
        EXPECT_EQ(client.end(), Wire::End::fin);
    }
    EXPECT_FALSE(origin.pending());
}

TEST_F(HttpSession, RefusesBySize) {
    settings.limits.header = 256;
    settings.limits.headers = 3;
    settings.limits.body = 10;
    const std::string long_text(300, 'x');
    const std::pair<std::string, std::string_view> cases[] = {
        {"GET /" + long_text, "HTTP/1.1 414 "},
        {"GET / HTTP/1.1\r\nA: " + long_text, "HTTP/1.1 431 "},
        {"GET / HTTP/1.1\r\nHost: a\r\nB: \r\nC: \r\nD: \r\n\r\n", "HTTP/1.1 431 "},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", "HTTP/1.1 413 "},
        {"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505 "},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 501 "},
    };
    for (const auto& [request, answer] : cases) {
        Wire client = connect();
        client.send(request);
        EXPECT_THAT(client.rest(), StartsWith(std::string(answer)));
    }
    EXPECT_FALSE(origin.pending());
}

TEST_F(HttpSession, RefusesChunkedContentOverTheLimit) {
    settings.limits.body = 10;
    Wire client = connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.until("hello\r\n"), StartsWith("POST"));
    client.send("6\r\n world\r\n0\r\n\r\n");
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(backend.rest(), Not(HasSubstr("0\r\n\r\n")));
    EXPECT_EQ(backend.end(), Wire::End::reset);
}

TEST_F(HttpSession, RefusesMalformedChunksAndResetsTheBackend) {
    Wire client = connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX");
    Wire backend = origin.accept();
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(backend.rest(), Not(HasSubstr("\r\n0\r\n")));
    EXPECT_EQ(backend.end(), Wire::End::reset);
}

TEST_F(HttpSession, TruncatedUploadResetsTheBackend) {
    Wire client = connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.until("abc"), EndsWith("\r\n\r\nabc"));
    client.close();
    EXPECT_EQ(backend.rest(), "");
    EXPECT_EQ(backend.end(), Wire::End::reset);
}

TEST_F(HttpSession, TruncatedResponseAbortsTheClient) {
    for (const std::string_view answer :
         {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"}) {
        Wire client = connect();
        client.send(get);
        Wire backend = origin.accept();
        EXPECT_THAT(backend.head(), StartsWith("GET"));
        backend.send(answer);
        EXPECT_THAT(client.until("abc"), EndsWith("abc"));
        backend.close();
        EXPECT_THAT(client.rest(), Not(HasSubstr("0\r\n\r\n")));
        EXPECT_EQ(client.end(), Wire::End::reset);
    }
}

TEST_F(HttpSession, ResetOfACloseDelimitedResponseAbortsTheClient) {
    Wire client = connect();
    client.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send("HTTP/1.0 200 OK\r\n\r\nabc");
    EXPECT_THAT(client.until("abc"), EndsWith("abc"));
    backend.reset();
    EXPECT_THAT(client.rest(), Not(HasSubstr("0\r\n\r\n")));
    EXPECT_EQ(client.end(), Wire::End::reset);
}

TEST_F(HttpSession, CloseDelimitedResponseIsChunkedForHttp11) {
    Wire client = connect();
    client.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send("HTTP/1.0 200 OK\r\n\r\nabc");
    backend.close();
    EXPECT_THAT(client.head(), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_EQ(client.until("0\r\n\r\n"), "3\r\nabc\r\n0\r\n\r\n");
    client.send(get);
    Wire next = origin.accept();
    EXPECT_THAT(next.head(), StartsWith("GET"));
}

TEST_F(HttpSession, Http10ClientGetsPlainContentAndTheEnd) {
    Wire client = connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), HasSubstr("Host: 127.0.0.1"));
    backend.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    const std::string answer = client.rest();
    EXPECT_THAT(answer, Not(HasSubstr("chunked")));
    EXPECT_THAT(answer, EndsWith("Connection: close\r\n\r\nabc"));
    EXPECT_EQ(client.end(), Wire::End::fin);
}

TEST_F(HttpSession, ContentOfHead204And304NeverComes) {
    Wire client = connect();
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("HEAD"));
    backend.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n");
    EXPECT_THAT(client.head(), HasSubstr("Content-Length: 99\r\n"));
    for (const std::string_view answer :
         {"HTTP/1.1 204 No Content\r\n\r\n",
          "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"}) {
        client.send(get);
        EXPECT_THAT(backend.head(), StartsWith("GET"));
        backend.send(answer);
        EXPECT_THAT(client.head(), StartsWith(std::string(answer.substr(0, 12))));
    }
    EXPECT_TRUE(client.silent());
}

TEST_F(HttpSession, RelaysExpectContinueEndToEnd) {
    Wire client = connect();
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), HasSubstr("Expect: 100-continue\r\n"));
    EXPECT_TRUE(client.silent());
    backend.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    EXPECT_EQ(client.head(), "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    EXPECT_EQ(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    EXPECT_EQ(backend.exactly(3), "abc");
    backend.send(ok);
    const std::string head = client.head();
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(head, Not(HasSubstr("Connection: close")));
}

TEST_F(HttpSession, DoesNotSendInterimResponsesToHttp10) {
    Wire client = connect();
    client.send("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), Not(HasSubstr("Expect")));
    backend.send("HTTP/1.1 100 Continue\r\n\r\n");
    backend.send(ok);
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpSession, EarlyFinalResponseReachesAClientThatIsStillSending) {
    Wire client = connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nabc");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.until("abc"), StartsWith("POST"));
    backend.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    const std::string head = client.head();
    EXPECT_THAT(head, StartsWith("HTTP/1.1 403"));
    EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(client.exactly(2), "no");
    EXPECT_TRUE(client.send(std::string(500'000, 'x')));  // taken and dropped, not reset
    EXPECT_EQ(client.rest(), "");
    EXPECT_EQ(client.end(), Wire::End::fin);
}

TEST_F(HttpSession, ResponseAndUploadOverlap) {
    Wire client = connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.until("1\r\na\r\n"), StartsWith("POST"));
    backend.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nA");
    EXPECT_THAT(client.until("\r\n\r\nA"), StartsWith("HTTP/1.1 200"));
    client.send("1\r\nb\r\n0\r\n\r\n");
    EXPECT_EQ(backend.until("0\r\n\r\n"), "1\r\nb\r\n0\r\n\r\n");
    backend.send("B");
    EXPECT_EQ(client.rest(), "B");
    EXPECT_EQ(client.end(), Wire::End::fin);
}

TEST_F(HttpSession, AnswersForABackendThatIsNotThere) {
    {
        const Port gone;
        settings.backends.servers.front().port = gone.number();
    }
    Wire client = connect();
    client.send(get);
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(HttpSession, AnswersForABackendThatTalksNonsense) {
    for (const std::string_view answer :
         {"nonsense\r\n\r\n",
          "HTTP/1.1 200 OK\nA: b\n\n",
          "SSH-2.0-x\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"}) {
        Wire client = connect();
        client.send(get);
        Wire backend = origin.accept();
        EXPECT_THAT(backend.head(), StartsWith("GET"));
        backend.send(answer);
        EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 502 ")) << answer;
    }
}

TEST_F(HttpSession, AnswersForABackendThatClosesWithoutAWord) {
    Wire client = connect();
    client.send(get);
    origin.accept().close();
    origin.accept().close();  // it may go to another connection, once
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(HttpSession, GoesOnBehindAnErrorOfItsOwn) {
    Wire client = connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab");
    {
        Wire backend = origin.accept();
        EXPECT_THAT(backend.head(), StartsWith("POST"));
        EXPECT_EQ(backend.exactly(2), "ab");
    }
    const std::string head = client.head();
    EXPECT_THAT(head, StartsWith("HTTP/1.1 502 "));
    EXPECT_THAT(head, Not(HasSubstr("Connection:")));
    const std::string page = error_page(Status::bad_gateway);
    EXPECT_EQ(client.exactly(page.size()), page);
    client.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send(ok);
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpSession, RepeatsAnIdempotentRequestThatANewConnectionLost) {
    Wire client = connect();
    client.send(get);
    origin.accept().close();
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send(ok);
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpSession, AnswersForABackendThatIsSilent) {
    settings.timeouts.backend_response = net::milliseconds(100);
    Wire client = connect();
    client.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 504 "));
}

TEST_F(HttpSession, TimesOutContentThatDoesNotCome) {
    settings.timeouts.stall = net::milliseconds(100);
    Wire client = connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    Wire backend = origin.accept();
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 408 "));
    EXPECT_THAT(backend.rest(), EndsWith("abc"));
    EXPECT_EQ(backend.end(), Wire::End::reset);
}

TEST_F(HttpSession, TimesOutHalfAHead) {
    settings.timeouts.header = net::milliseconds(100);
    Wire client = connect();
    client.send("GET / HTTP/1.1\r\nHo");
    EXPECT_THAT(client.rest(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(HttpSession, EndsIdleConnectionsWithoutAWord) {
    settings.timeouts.header = net::milliseconds(100);
    Wire client = connect();
    EXPECT_EQ(client.rest(), "");
    EXPECT_EQ(client.end(), Wire::End::fin);
}

TEST_F(HttpSession, RetriesOnceOnAStaleConnection) {
    Wire client = connect();
    client.send(get);
    {
        Wire backend = origin.accept();
        EXPECT_THAT(backend.head(), StartsWith("GET"));
        backend.send(ok);
        EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
        EXPECT_EQ(client.exactly(2), "ok");
        client.send(get);
        EXPECT_THAT(backend.head(), StartsWith("GET"));
    }
    Wire fresh = origin.accept();
    EXPECT_THAT(fresh.head(), StartsWith("GET"));
    fresh.send(ok);
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpSession, DoesNotRepeatWhatMayHaveHadAnEffect) {
    Wire client = connect();
    client.send(get);
    {
        Wire backend = origin.accept();
        EXPECT_THAT(backend.head(), StartsWith("GET"));
        backend.send(ok);
        EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
        EXPECT_EQ(client.exactly(2), "ok");
        client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_THAT(backend.head(), StartsWith("POST"));
    }
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 502 "));
    EXPECT_FALSE(origin.pending());
}

TEST_F(HttpSession, DoesNotReuseAConnectionTheBackendClosed) {
    Wire client = connect();
    client.send(get);
    {
        Wire backend = origin.accept();
        EXPECT_THAT(backend.head(), StartsWith("GET"));
        backend.send(ok);
        EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
        EXPECT_EQ(client.exactly(2), "ok");
    }
    client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n");
    Wire fresh = origin.accept();
    EXPECT_THAT(fresh.head(), StartsWith("POST"));
}

TEST_F(HttpSession, SweepsConnectionsThatTheBackendClosed) {
    Wire client = connect();
    client.send(get);
    {
        Wire backend = origin.accept();
        EXPECT_THAT(backend.head(), StartsWith("GET"));
        backend.send(ok);
        EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
    }
    std::size_t idle = 1;
    for (int i = 0; i < 1000 && idle > 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        worker.on_worker([&] { idle = backends->idle(); });
    }
    EXPECT_EQ(idle, 0U);
}

TEST_F(HttpSession, HonoursConnectionCloseOfTheClient) {
    Wire client = connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), Not(HasSubstr("Connection")));
    backend.send(ok);
    const std::string answer = client.rest();
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("ok"));
    EXPECT_EQ(client.end(), Wire::End::fin);
    EXPECT_TRUE(backend.silent());
}

TEST_F(HttpSession, TunnelsWebSockets) {
    Wire client = connect();
    client.send(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"
    );
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), HasSubstr("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    backend.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Accept: x\r\n\r\nhello"
    );
    EXPECT_THAT(client.head(), HasSubstr("Sec-WebSocket-Accept: x\r\n"));
    EXPECT_EQ(client.exactly(5), "hello");
    EXPECT_EQ(backend.exactly(5), "early");
    client.send("more");
    client.finish();
    EXPECT_EQ(backend.rest(), "more");
    EXPECT_EQ(backend.end(), Wire::End::fin);
    backend.send("bye");
    backend.finish();
    EXPECT_EQ(client.rest(), "bye");
    EXPECT_EQ(client.end(), Wire::End::fin);
}

TEST_F(HttpSession, WebSocketsAreNotPassedOnWhereTheyAreNotWanted) {
    settings.websocket = false;
    Wire client = connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), Not(HasSubstr("pgrade")));
    backend.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(HttpSession, AnotherUpgradeThanTheOneAskedForIs502) {
    Wire client = connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), HasSubstr("Upgrade: websocket"));
    backend.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n");
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(HttpSession, DeclinedUpgradeIsAnOrdinaryResponse) {
    Wire client = connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    backend.send(ok);
    EXPECT_THAT(client.head(), StartsWith("HTTP/1.1 200"));
    EXPECT_EQ(client.exactly(2), "ok");
    client.send(get);
    EXPECT_THAT(backend.head(), Not(HasSubstr("pgrade")));
}

TEST_F(HttpSession, DrainEndsIdleAtOnceAndBusyAfterItsRequest) {
    Wire idle = connect();
    EXPECT_TRUE(idle.silent());
    Wire busy = connect();
    busy.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    worker.on_worker([&] { worker.context().sessions.drain(); });
    EXPECT_EQ(idle.rest(), "");
    EXPECT_EQ(idle.end(), Wire::End::fin);
    backend.send(ok);
    const std::string answer = busy.rest();
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_THAT(answer, EndsWith("ok"));
    EXPECT_EQ(busy.end(), Wire::End::fin);
}

TEST_F(HttpSession, SecondStopCutsBusySessions) {
    Wire busy = connect();
    busy.send(get);
    Wire backend = origin.accept();
    EXPECT_THAT(backend.head(), StartsWith("GET"));
    worker.on_worker([&] { worker.context().sessions.drain(); });
    EXPECT_TRUE(busy.silent());
    worker.on_worker([&] { worker.context().sessions.interrupt_all(net::Errc::stopped); });
    EXPECT_EQ(busy.rest(), "");
    EXPECT_EQ(busy.end(), Wire::End::reset);
}

}  // namespace
}  // namespace hsmfront::http::test
