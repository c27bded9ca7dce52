// Request smuggling inside the chunked coding (RFC 9112 §7.1), and by what surrounds a body.
#include "http_smuggling_scene.hpp"

namespace hsmfront::test {
namespace {

class HttpSmugglingChunk : public SmugglingScene {
  protected:
    /// `bodies` are chunked; another request follows each.
    void expect_bodies(const std::vector<std::string>& bodies, const std::string& statuses) {
        const std::string follower = statuses == "400" ? smuggled() : get("/next");
        std::vector<Smuggling> vectors;
        for (const auto& body : bodies) {
            vectors.push_back(
                {body, post("/", "Transfer-Encoding: chunked\r\n", body + follower), statuses}
            );
        }
        expect_all(vectors, Begun::allowed);
    }
};

TEST_F(HttpSmugglingChunk, OddSizesAreRefused) {
    std::vector<std::string> bodies;
    for (const auto& line :
         {"0x5\r\n"s,
          "0X5\r\n"s,
          "+5\r\n"s,
          "-5\r\n"s,
          " 5\r\n"s,
          "\t5\r\n"s,
          "5 \r\n"s,
          "5\t\r\n"s,
          "5 ;x\r\n"s,
          "5\n"s,
          "5\r"s,
          "5\r\r\n"s,
          "5\n\r\n"s,
          "\r\n5\r\n"s,
          "\n5\r\n"s,
          "\r\n"s,
          ";x\r\n5\r\n"s,
          "g\r\n"s,
          "5g\r\n"s,
          "5,\r\n"s,
          "5,5\r\n"s,
          "5 5\r\n"s,
          "5.\r\n"s,
          "5h\r\n"s,
          "0x\r\n"s,
          "\"5\"\r\n"s,
          "5\0\r\n"s,
          "\0005\r\n"s,
          "5\v\r\n"s,
          "5\xa0\r\n"s,
          "FFFFFFFFFFFFFFFF\r\n"s,
          "8000000000000000\r\n"s,
          "10000000000000000\r\n"s,
          "10000000000000005\r\n"s,
          "100000000000000000000000000000005\r\n"s,
          "00000000000000000000000000000005\r\n"s}) {
        bodies.push_back(line + "abcde\r\n0\r\n\r\n");
    }
    expect_bodies(bodies, "400");
}

TEST_F(HttpSmugglingChunk, OddExtensionsAreRefused) {
    std::vector<std::string> bodies;
    for (const auto& line :
         {"5;x\n"s,
          "5;x\r"s,
          "5;x\ny\r\n"s,
          "5;x\ry\r\n"s,
          "5;x\r\r\n"s,
          "5;x=\"\n\"\r\n"s,
          "5;x=\"\r\n\"\r\n"s,
          "5;\n"s,
          "5;\0\r\n"s,
          "5;x=\x01\r\n"s,
          "5;x=\x7f\r\n"s,
          "5;" + std::string(300, 'x') + "\r\n"}) {
        bodies.push_back(line + "abcde\r\n0\r\n\r\n");
    }
    expect_bodies(bodies, "400");
}

TEST_F(HttpSmugglingChunk, OddEndsOfChunksAreRefused) {
    expect_bodies(
        {"5\r\nabcdeX\r\n0\r\n\r\n",
         "5\r\nabcde\n0\r\n\r\n",
         "5\r\nabcde\r0\r\n\r\n",
         "5\r\nabcde0\r\n\r\n",
         "5\r\nabcdef\r\n0\r\n\r\n",
         "5\r\nabcd\r\n0\r\n\r\n",
         "5\r\nabcde\r\n\r\n0\r\n\r\n",
         "5\r\nabcde\n\r\n0\r\n\r\n",
         "5\r\nabcde\r\r\n0\r\n\r\n",
         "5\r\nabcde \r\n0\r\n\r\n",
         "5\r\nabcde\r\n-1\r\n\r\n",
         "5\r\nabcde\r\nx\r\n\r\n"},
        "400"
    );
}

TEST_F(HttpSmugglingChunk, OddLastChunksAndTrailersAreRefused) {
    expect_bodies(
        {"0\r\n\n",
         "0\n\r\n",
         "0\n\n",
         "0\r\r\n\r\n",
         "0\r\n\r\r\n",
         "-0\r\n\r\n",
         "+0\r\n\r\n",
         "0x0\r\n\r\n",
         "0 \r\n\r\n",
         "0\r\nX : y\r\n\r\n",
         "0\r\n X: y\r\n\r\n",
         "0\r\nX: y\r\n z\r\n\r\n",
         "0\r\nX: y\n\r\n",
         "0\r\nX: y\rZ: z\r\n\r\n",
         "0\r\nX: \0\r\n\r\n"s,
         "0\r\nno colon\r\n\r\n",
         "0\r\n: y\r\n\r\n",
         "0\r\nX: " + std::string(9000, 'y') + "\r\n\r\n"},
        "400"
    );
}

TEST_F(HttpSmugglingChunk, ValidOddChunksAreUnderstoodTheSameBehind) {
    expect_bodies(
        {"5\r\nabcde\r\n0\r\n\r\n",
         "0005\r\nabcde\r\n000\r\n\r\n",
         "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
         "5;x\r\nabcde\r\n0;y=z\r\n\r\n",
         "5;x=\"a;b\"\r\nabcde\r\n0\r\n\r\n",
         "5;x=0\r\nabcde\r\n0\r\n\r\n",
         "5; x = y \r\nabcde\r\n0\r\n\r\n",
         "5\r\n\r\n0\r\n\r\n0\r\n\r\n",
         "7\r\n\r\n\r\n0\r\n\r\n0\r\n\r\n",
         "0\r\nX: y\r\n\r\n",
         "0\r\nContent-Length: 5\r\n\r\n",
         "0\r\nTransfer-Encoding: chunked\r\n\r\n",
         "0\r\nHost: other\r\n\r\n",
         "0\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n",
         "0\r\n\r\n\r\n"},
        "200 200"
    );
}

TEST_F(HttpSmugglingChunk, UpgradesThatAreNotMadeLeaveRequestsAsTheyAre) {
    const std::string upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    const std::string h2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n";
    const std::string more = get("/next");
    expect_all(
        {{"websocket not given", get("/", upgrade) + more, "200 200"},
         {"with a body", post("/", upgrade + "Content-Length: 5\r\n", "abcde" + more), "200 200"},
         {"GET with a body",
          get("/", upgrade + "Content-Length: 5\r\n") + "abcde" + more,
          "200 200"},
         {"GET with chunks",
          get("/", upgrade + "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n" + more,
          "200 200"},
         {"in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\n" + upgrade + "\r\n" + smuggled(), "200"},
         {"h2c", get("/", h2c + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n") + more, "200 200"},
         {"h2c beside websocket",
          get("/", "Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n") + more,
          "200 200"},
         {"another", get("/", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n") + more, "200 200"},
         {"unnamed", get("/", "Upgrade: websocket\r\n") + more, "200 200"}},
        Begun::no
    );
}

TEST_F(HttpSmugglingChunk, ExpectationsLeaveBodiesAsTheyAre) {
    const std::string sized = "Content-Length: 5\r\n";
    const std::string body = "abcde" + get("/next");
    std::vector<Smuggling> vectors;
    for (const auto& line :
         {"Expect: 100-continue",
          "expect: 100-Continue",
          "Expect: 100-continue\r\nExpect: 100-continue",
          "Expect: 100-continue, 100-continue",
          "Connection: expect\r\nExpect: 100-continue"}) {
        vectors.push_back({line, post("/", sized + line + "\r\n", body), "200 200"});
    }
    vectors.push_back(
        {"without a body", get("/", "Expect: 100-continue\r\n") + get("/next"), "200 200"}
    );
    vectors.push_back(
        {"in HTTP/1.0",
         "POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n" + sized + "\r\nabcde",
         "200"}
    );
    expect_all(vectors, Begun::no);
}

TEST_F(HttpSmugglingChunk, PipelinesKeepTheirBounds) {
    const std::string more = get("/next");
    expect_all(
        {{"three", more + more + more, "200 200 200"},
         {"an empty line between", more + "\r\n" + more, "200 200"},
         {"two empty lines between", more + "\r\n\r\n" + smuggled(), "200 400"},
         {"bare LF between", more + "\n" + smuggled(), "200 400"},
         {"a space between", more + " " + smuggled(), "200 400"},
         {"NUL between", more + "\0"s + smuggled(), "200 400"},
         {"surplus content", post("/", "Content-Length: 3\r\n", "abc(" + smuggled()), "200 400"},
         {"a response",
          more + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + smuggled(),
          "200 400"},
         {"a refused one stops them", more + get("/", "X : y\r\n") + smuggled(), "200 400"},
         {"a closing one stops them",
          more + get("/last", "Connection: close\r\n") + smuggled(),
          "200 200"},
         {"half a request", more + "GET /smuggled HTTP/1.1\r\nHost: local", "200"},
         {"TLS within", more + "\x16\x03\x01\x02"s + smuggled(), "200 400"},
         {"HTTP/2 within", more + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smuggled(), "200 505"}},
        Begun::no
    );
}

}  // namespace
}  // namespace hsmfront::test
