// Responses of a backend that is broken or hostile: nothing of them may be taken for something
// else, by this client or by the next.
#include "http_scene.hpp"

#include <algorithm>

namespace hsmfront::test {
namespace {

using Then = OriginAnswer::Then;

/// What the backend says to GET /evil.
struct Evil {
    std::string name;
    std::string bytes;
    Then then = Then::keep;
};

std::string head(const std::string& lines, const std::string& status = "200 OK") {
    return "HTTP/1.1 " + status + "\r\n" + lines + "\r\n";
}

std::string chunked(const std::string& body) {
    return head("Transfer-Encoding: chunked\r\n") + body;
}

/// What must never reach a client.
std::string poison() { return ok_with("poison"); }

bool has_final(const std::vector<HttpMessage>& messages) {
    return std::ranges::any_of(messages, [](const auto& message) {
        return message.status() >= 200;
    });
}

class HttpBrokenResponse : public HttpScene {
  protected:
    HttpBrokenResponse()
        : origin([this](const HttpMessage& request) {
              const bool asked = request.target() == "/evil";
              return asked ? OriginAnswer{evil.bytes, evil.then} : OriginAnswer{ok_with("good")};
          }) {
        config.http.backend_port = origin.port();
    }

    /// Sends `method` /evil on `client` and reads up to the end of the response or connection.
    Wire::Rest ask(Wire& client, const std::string& method = "GET") {
        client.send(method + " /evil HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return origin.serve(client, [&](const std::string& bytes) {
            const Reading reading = read_responses(bytes, {method});
            return has_final(reading.messages) && bytes.find("\r\nConnection: close") == bytes.npos;
        });
    }

    void expect_good(Wire& client) {
        client.send(get("/good"));
        const auto answer = origin.serve(client, [](const std::string& bytes) {
            return has_final(read_responses(bytes).messages);
        });
        const Reading reading = read_responses(answer.bytes);
        ASSERT_EQ(reading.messages.size(), 1U) << answer.bytes;
        EXPECT_EQ(reading.messages[0].body, "good");
        EXPECT_EQ(reading.rest, "");
    }

    /// The client gets 502, or a connection that breaks off within the response.
    void expect_broken(const std::vector<Evil>& responses) {
        for (const Evil& response : responses) {
            SCOPED_TRACE(response.name + "\n" + response.bytes.substr(0, 400));
            evil = response;
            Wire client = connect();
            const auto answer = ask(client);
            const Reading reading = read_responses(answer.bytes);
            EXPECT_EQ(reading.fault, "");
            EXPECT_THAT(answer.bytes, Not(HasSubstr("poison")));
            if (has_final(reading.messages)) {
                EXPECT_EQ(reading.messages.back().status(), 502);
                EXPECT_EQ(reading.rest, "");
                if (answer.ending == Ending::silence) {
                    expect_good(client);
                } else {
                    EXPECT_EQ(answer.ending, Ending::close_notify);
                }
            } else {
                EXPECT_THAT(answer.ending, ::testing::AnyOf(Ending::cut, Ending::reset));
            }
            Wire next = connect();
            expect_good(next);
        }
    }

    /// The client gets a response with this status and body, the next request the next answer.
    void expect_served(
        const std::vector<Evil>& responses,
        int status,
        const std::string& body,
        const std::string& method = "GET"
    ) {
        for (const Evil& response : responses) {
            SCOPED_TRACE(response.name + "\n" + response.bytes);
            evil = response;
            Wire client = connect();
            const auto answer = ask(client, method);
            const Reading reading = read_responses(answer.bytes, {method});
            ASSERT_FALSE(reading.messages.empty()) << answer.bytes;
            EXPECT_EQ(reading.messages.back().status(), status);
            EXPECT_EQ(reading.messages.back().body, body);
            EXPECT_EQ(reading.fault + reading.rest, "");
            if (answer.ending == Ending::silence) {
                expect_good(client);
            }
            Wire next = connect();
            expect_good(next);
        }
    }

    Evil evil;
    RecordingOrigin origin;
};

TEST_F(HttpBrokenResponse, AmbiguousFramingIs502) {
    std::vector<Evil> responses;
    for (const auto& lines :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"s,
          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"s,
          "Content-Length: 5\r\nContent-Length: 5\r\n"s,
          "Content-Length: 5\r\nContent-Length: 6\r\n"s,
          "Content-Length: 5\r\nContent_Length: 6\r\n"s,
          "Content-Length: 5, 5\r\n"s,
          "Content-Length: +5\r\n"s,
          "Content-Length: -5\r\n"s,
          "Content-Length: 0x5\r\n"s,
          "Content-Length: 5 5\r\n"s,
          "Content-Length:\r\n"s,
          "Content-Length: five\r\n"s,
          "Content-Length: 18446744073709551621\r\n"s,
          "Content-Length : 5\r\n"s,
          "Content-Length:\r\n 5\r\n"s,
          "Transfer-Encoding: gzip\r\n"s,
          "Transfer-Encoding: gzip, chunked\r\n"s,
          "Transfer-Encoding: identity\r\n"s,
          "Transfer-Encoding: chunked, chunked\r\n"s,
          "Transfer-Encoding: chunked, identity\r\n"s,
          "Transfer-Encoding: xchunked\r\n"s,
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"s,
          "Transfer-Encoding : chunked\r\n"s,
          "Transfer_Encoding: chunked\r\n"s,
          "Transfer-Encoding: \vchunked\r\n"s,
          "Transfer-Encoding:\r\n chunked\r\n"s}) {
        responses.push_back({lines, head(lines) + "0\r\n\r\n" + poison()});
    }
    responses.push_back(
        {"coding in HTTP/1.0",
         "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + poison()}
    );
    expect_broken(responses);
}

TEST_F(HttpBrokenResponse, OddHeadsAre502) {
    std::vector<Evil> responses;
    const std::string rest = "Content-Length: 6\r\n\r\npoison";
    for (const auto& line :
         {"HTTP/1.1 20 OK\r\n"s,
          "HTTP/1.1 2000 OK\r\n"s,
          "HTTP/1.1 abc OK\r\n"s,
          "HTTP/1.1 +20 OK\r\n"s,
          "HTTP/1.1 099 OK\r\n"s,
          "HTTP/1.1 600 OK\r\n"s,
          "HTTP/1.1  200 OK\r\n"s,
          "HTTP/1.1\t200 OK\r\n"s,
          "HTTP/1.1200 OK\r\n"s,
          "HTTP/1.1 OK\r\n"s,
          "HTTP/1.1\r\n"s,
          "http/1.1 200 OK\r\n"s,
          "HTTP/1 200 OK\r\n"s,
          "HTTP/0.9 200 OK\r\n"s,
          "HTTP/1.2 200 OK\r\n"s,
          "HTTP/2.0 200 OK\r\n"s,
          "HTTP/2 200 OK\r\n"s,
          "ICY 200 OK\r\n"s,
          "200 OK\r\n"s,
          " HTTP/1.1 200 OK\r\n"s,
          "\r\nHTTP/1.1 200 OK\r\n"s,
          "\nHTTP/1.1 200 OK\r\n"s,
          "HTTP/1.1 200 OK\n"s,
          "HTTP/1.1 200 OK\r"s,
          "HTTP/1.1 200 O\0K\r\n"s,
          "HTTP/1.1 200 O\rK\r\n"s,
          "HTTP/1.1 200 OK\r\nX: y\n"s,
          "HTTP/1.1 200 OK\r\nX: y\rZ: z\r\n"s,
          "HTTP/1.1 200 OK\r\nX: y\r\n z\r\n"s,
          "HTTP/1.1 200 OK\r\n X: y\r\n"s,
          "HTTP/1.1 200 OK\r\nX: \0\r\n"s,
          "HTTP/1.1 200 OK\r\nX: \x01\r\n"s,
          "HTTP/1.1 200 OK\r\nX : y\r\n"s,
          "HTTP/1.1 200 OK\r\nX\0: y\r\n"s,
          "HTTP/1.1 200 OK\r\nX Y: y\r\n"s,
          "HTTP/1.1 200 OK\r\n: y\r\n"s,
          "HTTP/1.1 200 OK\r\nno colon\r\n"s,
          "<html>hello</html>\r\n"s,
          "\x15\x03\x01\r\n"s,
          "GET / HTTP/1.1\r\n"s}) {
        responses.push_back({line, line + rest});
    }
    responses.push_back({"long head", head("X: " + std::string(70'000, 'y') + "\r\n") + "poison"});
    std::string many;
    for (int i = 0; i < 1'000; ++i) {
        many += "X: y\r\n";
    }
    responses.push_back({"many fields", head(many + rest)});
    expect_broken(responses);
}

TEST_F(HttpBrokenResponse, HeadsThatBreakOffAre502) {
    std::vector<Evil> responses;
    for (const auto then : {Then::close, Then::reset}) {
        responses.push_back({"nothing", "", then});
        responses.push_back({"a part of the line", "HTTP/1.1 2", then});
        responses.push_back({"a line", "HTTP/1.1 200 OK\r\n", then});
        responses.push_back({"half a head", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n", then});
        responses.push_back({"no final response", head("", "100 Continue"), then});
    }
    expect_broken(responses);
}

TEST_F(HttpBrokenResponse, InterimResponsesWithoutEndOrAskedForBy101Are502) {
    std::string flood;
    for (int i = 0; i < 1'000; ++i) {
        flood += head("", "103 Early Hints");
    }
    expect_broken(
        {{"flood", flood + poison()},
         {"101 unasked",
          head("Connection: Upgrade\r\nUpgrade: websocket\r\n", "101 Switch") + "poison"},
         {"101 to h2c", head("Connection: Upgrade\r\nUpgrade: h2c\r\n", "101 Switch") + "poison"},
         {"101 behind 100", head("", "100 Continue") + head("", "101 Switch") + "poison"}}
    );
}

TEST_F(HttpBrokenResponse, OddChunksBreakOff) {
    std::vector<Evil> responses;
    for (const auto& body :
         {"0x5\r\nhello\r\n0\r\n\r\n"s,
          "+5\r\nhello\r\n0\r\n\r\n"s,
          " 5\r\nhello\r\n0\r\n\r\n"s,
          "5 \r\nhello\r\n0\r\n\r\n"s,
          "5\nhello\n0\n\n"s,
          "5;x\nhello\r\n0\r\n\r\n"s,
          "5;\"\r\n\"\r\nhello\r\n0\r\n\r\n"s,
          "g\r\n"s,
          "\r\n"s,
          "FFFFFFFFFFFFFFFFF\r\nhello"s,
          "10000000000000005\r\nhello\r\n0\r\n\r\n"s,
          "5\r\nhello0\r\n\r\n"s,
          "5\r\nhello\n0\r\n\r\n"s,
          "5\r\nhello!\r\n0\r\n\r\n"s,
          "5\r\nhello\r\n0\r\nX : y\r\n\r\n"s,
          "5\r\nhello\r\n0\r\nX: y\n\r\n"s,
          "5\r\nhello\r\n0\r\n\n"s,
          "5\r\nhello\r\n-0\r\n\r\n"s}) {
        responses.push_back({body, chunked(body) + poison()});
    }
    expect_broken(responses);
}

TEST_F(HttpBrokenResponse, ContentThatIsCutHasNoOrderlyEnd) {
    std::vector<Evil> responses{
        {"until close, reset", head("") + "hello", Then::reset},
        {"until close, reset at once", head(""), Then::reset}};
    for (const auto then : {Then::close, Then::reset}) {
        responses.push_back({"short length", head("Content-Length: 6\r\n") + "hello", then});
        responses.push_back({"no content", head("Content-Length: 6\r\n"), then});
        responses.push_back({"no chunk", chunked(""), then});
        responses.push_back({"within a size", chunked("5"), then});
        responses.push_back({"within a chunk", chunked("5\r\nhel"), then});
        responses.push_back({"behind a chunk's data", chunked("5\r\nhello"), then});
        responses.push_back({"no last chunk", chunked("5\r\nhello\r\n"), then});
        responses.push_back({"within the last chunk", chunked("5\r\nhello\r\n0\r\n"), then});
        responses.push_back({"within trailers", chunked("5\r\nhello\r\n0\r\nX: y\r\n"), then});
    }
    expect_broken(responses);
}

TEST_F(HttpBrokenResponse, SurplusIsNobodysAnswer) {
    expect_served(
        {{"behind a length", ok_with("hello") + poison()},
         {"behind chunks", chunked("5\r\nhello\r\n0\r\n\r\n") + poison()},
         {"a part of a response", ok_with("hello") + "HTTP/1.1 200"},
         {"bytes", ok_with("hello") + "poison"},
         {"CRLF", ok_with("hello") + "\r\n"},
         {"behind 103", head("", "103 Early Hints") + ok_with("hello") + poison()},
         {"closed", ok_with("hello") + poison(), Then::close},
         {"until close", head("") + "hello", Then::close}},
        200,
        "hello"
    );
    expect_served({{"behind no content", head("Content-Length: 0\r\n") + poison()}}, 200, "");
}

TEST_F(HttpBrokenResponse, ContentWhereThereIsNoneIsNobodysAnswer) {
    expect_served(
        {{"204 with a length", head("Content-Length: 6\r\n", "204 No Content") + "poison"},
         {"204 with chunks", head("Transfer-Encoding: chunked\r\n", "204 No Content") + poison()},
         {"204 with another response", head("", "204 No Content") + poison()}},
        204,
        ""
    );
    expect_served(
        {{"304 with content", head("Content-Length: 6\r\n", "304 Not Modified") + "poison"},
         {"304 with chunks",
          head("Transfer-Encoding: chunked\r\n", "304 Not Modified") + poison()}},
        304,
        ""
    );
    expect_served(
        {{"HEAD with content", poison()},
         {"HEAD with chunks", chunked("6\r\npoison\r\n0\r\n\r\n")}},
        200,
        "",
        "HEAD"
    );
}

}  // namespace
}  // namespace hsmfront::test
