// Clients that are slow or want too much end at the limits, while others are served.
#include "http_scene.hpp"
#include "tests/harness/stage.hpp"

#include <algorithm>
#include <thread>

namespace hsmfront::test {
namespace {

using ::testing::AnyOf;
using Clock = std::chrono::steady_clock;

/// What others may have to wait beside slow clients; they take about 2 ms without.
const milliseconds latency_limit = sanitized ? 2s : 250ms;

bool is_served(Wire& client) {
    client.send(get("/echo"));
    return client.until("\r\n\r\n").starts_with("HTTP/1.1 200 ");
}

class HttpsLimits : public HttpScene {
  protected:
    HttpsLimits() : origin(scratch() / "origin", ports) {
        config.http.backend_port = origin.port();
    }

    /// A client that was served already: what it may wait with its next request is another limit.
    Wire customer() {
        Wire client = connect();
        EXPECT_TRUE(is_served(client));
        return client;
    }

    /// Connections that have sent `beginning`.
    std::vector<Wire> crowd(std::size_t size, const std::string& beginning) {
        std::vector<Wire> all;
        for (std::size_t i = 0; i < size; ++i) {
            all.push_back(connect());
            EXPECT_TRUE(all.back().send(beginning));
        }
        return all;
    }

    Origin origin;
};

/// Sends `byte` on each connection every 20 ms while another client makes 100 requests. Returns how
/// long the slowest but one of these took.
milliseconds latency_beside(std::vector<Wire>& crowd, char byte, Wire& other) {
    std::vector<milliseconds> taken;
    for (int round = 0; round < 100; ++round) {
        for (Wire& slow : crowd) {
            slow.send({&byte, 1});
        }
        const auto begun = Clock::now();
        EXPECT_TRUE(is_served(other));
        taken.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - begun));
        std::this_thread::sleep_for(20ms);
    }
    std::sort(taken.begin(), taken.end());
    return taken.at(98);
}

/// The limit is for the whole head: bytes that trickle in do not extend it.
TEST_F(HttpsLimits, HeadsThatDribbleInEndWhileOthersAreServed) {
    config.http.extra = "timeouts: { header: 2s }\n";
    Wire other = customer();
    const auto begun = Clock::now();
    std::vector<Wire> slow = crowd(200, "GET / HTTP/1.1\r\nHost: localhost\r\nA: ");
    EXPECT_LT(latency_beside(slow, 'a', other), latency_limit);
    for (Wire& one : slow) {
        const auto answer = one.rest();
        EXPECT_THAT(answer.bytes, StartsWith("HTTP/1.1 408 "));
        EXPECT_EQ(answer.ending, Ending::close_notify);
    }
    EXPECT_LT(Clock::now() - begun, 15s);
}

TEST_F(HttpsLimits, HandshakesThatDribbleInEnd) {
    config.http.extra = "timeouts: { handshake: 1s }\n";
    Wire other = customer();
    std::vector<Wire> slow;
    for (int i = 0; i < 50; ++i) {
        slow.push_back(Wire::connect("127.0.0.1", config.http.port));
        slow.back().send("\x16\x03\x01\x02\x00\x01"s);
    }
    EXPECT_LT(latency_beside(slow, '\1', other), latency_limit);
    for (Wire& one : slow) {
        EXPECT_THAT(one.rest().ending, AnyOf(Ending::fin, Ending::reset));
    }
}

TEST_F(HttpsLimits, ContentThatStallsEnds) {
    config.http.extra = "timeouts: { stall: 1s }\n";
    Wire other = customer();
    std::vector<Wire> slow =
        crowd(50, "POST /digest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nabc");
    for (Wire& one : slow) {
        EXPECT_THAT(one.rest().bytes, StartsWith("HTTP/1.1 408 "));
    }
    EXPECT_TRUE(is_served(other));
}

TEST_F(HttpsLimits, HeadsWithTooMuchAre431) {
    std::string many;
    for (int i = 0; i < 129; ++i) {
        many += "A" + std::to_string(i) + ": b\r\n";
    }
    for (const std::string& fields : {many, "A: " + std::string(70'000, 'a') + "\r\n"}) {
        Wire client = connect();
        client.send(get("/echo", fields));
        EXPECT_THAT(client.rest().bytes, StartsWith("HTTP/1.1 431 "));
    }
}

/// One that never comes to the end of its head gets no more memory than the limit.
TEST_F(HttpsLimits, FloodsOfFieldsEndEarly) {
    connect().close();
    const std::size_t before = front->peak_memory_kib();
    const std::string field = "A: " + std::string(1'000, 'a') + "\r\n";
    for (int i = 0; i < 20; ++i) {
        Wire client = connect();
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\n");
        for (int line = 0; line < 10'000 && client.send(field); ++line) {
        }
        EXPECT_THAT(client.rest().bytes, AnyOf(StartsWith("HTTP/1.1 431 "), ""));
    }
    if (!sanitized) {
        EXPECT_LT(front->peak_memory_kib() - before, 8U * 1024);
    }
}

TEST_F(HttpsLimits, ConnectionsOfOneAddressAreCounted) {
    config.extra += "limits: { per_address: 5 }\n";
    const auto held = crowd(5, "");
    EXPECT_FALSE(connect().open());
    Wire elsewhere = Wire::connect("127.0.0.1", config.http.port, "127.0.0.2");
    EXPECT_TRUE(elsewhere.silent());
}

}  // namespace
}  // namespace hsmfront::test
