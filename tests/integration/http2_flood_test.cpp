// What a client can send for nothing: each kind is counted, and too much of it ends the connection
// with ENHANCE_YOUR_CALM (RFC 9113 §10.5). Limits are small here, so that no test takes long.
#include "http2_scene.hpp"
#include "tests/harness/backends.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

namespace hsmfront::test {
namespace {

using h2::frame;
using h2::number;
using h2::request;

class Http2Flood : public Http2Scene {
  protected:
    Http2Flood() {
        config.http.extra =
            "limits: { http2: { resets: 20/10s, pings: 20/10s, empty_frames: 20/10s, "
            "continuations: 4 } }";
    }

    /// Sends what `piece` gives for 0, 1, 2 … until the proxy has had enough, which it must have
    /// after 1000 of them.
    void expect_calm(
        const std::string& reason, const std::function<std::string(std::uint32_t)>& piece
    ) {
        client2 = connect2();
        for (std::uint32_t i = 0; i < 1000 && client2.send(piece(i)); ++i) {
        }
        client2.closed();
        ASSERT_FALSE(client2.goaways().empty()) << to_string(client2.ending());
        EXPECT_EQ(client2.goaways().back().error, h2::enhance_your_calm);
        EXPECT_TRUE(front->logged(reason));
        // Another client is served as ever.
        client2 = connect2();
        behind.close();
        while (backend.accept(20ms).open()) {
        }
        EXPECT_TRUE(serves(1));
    }

    /// A client of its own, with its stream 1 open towards the proxy.
    [[nodiscard]] static std::string open_stream() {
        return frame(h2::headers, h2::end_headers, 1, h2::block(request("POST", "/")));
    }
};

std::string get_frame(std::uint32_t stream) {
    return frame(
        h2::headers, h2::end_headers | h2::end_stream, stream, h2::block(request("GET", "/"))
    );
}

TEST_F(Http2Flood, S5_4_2_RapidReset) {
    expect_calm("limits.http2.resets", [](std::uint32_t i) {
        const std::uint32_t id = 2 * i + 1;
        return get_frame(id) + frame(h2::rst_stream, h2::none, id, number(h2::cancel, 4));
    });
}

TEST_F(Http2Flood, S5_4_2_ResetsThatTheClientMakesUsSend) {
    // A window beyond 2^31-1 is our RST_STREAM, of a request that is already at the backend.
    expect_calm("limits.http2.resets", [](std::uint32_t i) {
        const std::uint32_t id = 2 * i + 1;
        return get_frame(id) + frame(h2::window_update, h2::none, id, number(0x7fffffff, 4));
    });
}

TEST_F(Http2Flood, S8_1_1_MalformedRequests) {
    expect_calm("limits.http2.resets", [](std::uint32_t i) {
        return frame(
            h2::headers,
            h2::end_headers | h2::end_stream,
            2 * i + 1,
            h2::block(request("GET", "/", {{"connection", "close"}}))
        );
    });
}

TEST_F(Http2Flood, S6_10_Continuation) {
    expect_calm("limits.http2.continuations", [](std::uint32_t i) {
        const std::string piece = h2::block({{"x", "y"}});
        return i == 0 ? frame(h2::headers, h2::none, 1, h2::block(request("GET", "/")))
                      : frame(h2::continuation, h2::none, 1, piece);
    });
}

TEST_F(Http2Flood, S6_10_EmptyContinuation) {
    expect_calm("limits.http2.continuations", [](std::uint32_t i) {
        return i == 0 ? frame(h2::headers, h2::none, 1) : frame(h2::continuation, h2::none, 1);
    });
}

TEST_F(Http2Flood, S6_5_Settings) {
    expect_calm("limits.http2.pings", [](std::uint32_t i) {
        return frame(h2::settings, h2::none, 0, number(4, 2) + number(65'535 + i, 4));
    });
}

TEST_F(Http2Flood, S6_7_Ping) {
    expect_calm("limits.http2.pings", [](std::uint32_t i) {
        return frame(h2::ping, h2::none, 0, number(i, 8));
    });
}

TEST_F(Http2Flood, S6_7_PingWithoutReadingTheAnswers) {
    config.http.extra = "limits: { http2: { pings: none } }";
    client2 = connect2();
    std::string many;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        many += frame(h2::ping, h2::none, 0, number(i, 8));
    }
    const auto until = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < until && client2.send(many)) {
    }
    expect_memory_below(40'000U);
    EXPECT_TRUE(front->logged("answers are not taken"));
}

TEST_F(Http2Flood, S6_1_EmptyData) {
    expect_calm("limits.http2.empty_frames", [](std::uint32_t i) {
        return i == 0 ? open_stream() : frame(h2::data, h2::none, 1);
    });
}

TEST_F(Http2Flood, S6_1_DataWithNothingButPadding) {
    expect_calm("limits.http2.empty_frames", [](std::uint32_t i) {
        return i == 0 ? open_stream()
                      : frame(h2::data, h2::padded, 1, number(3, 1) + std::string(3, '\0'));
    });
}

TEST_F(Http2Flood, S6_3_Priority) {
    expect_calm("limits.http2.empty_frames", [](std::uint32_t i) {
        return frame(h2::priority, h2::none, 2 * i + 1, number(0, 4) + number(1, 1));
    });
}

TEST_F(Http2Flood, S5_5_UnknownFrames) {
    expect_calm("limits.http2.empty_frames", [](std::uint32_t i) {
        return frame(0xee, h2::none, 0, number(i, 4));
    });
}

TEST_F(Http2Flood, S10_5_1_HpackBomb) {
    // One entry of the dynamic table, named over and over by one byte.
    client2 = connect2();
    const std::string entry(4000, 'x');
    std::string bomb = h2::block(request("GET", "/"));
    bomb += std::string("\x40\x01y\x7f\xa1\x1e", 6) + entry;
    bomb += std::string(12'000, '\xbe');
    ASSERT_LT(bomb.size(), 16'385U + 1'000U);
    client2.send(frame(h2::headers, h2::end_stream, 1, bomb.substr(0, 16'000)));
    client2.send(frame(h2::continuation, h2::end_headers, 1, bomb.substr(16'000)));
    client2.closed();
    ASSERT_FALSE(client2.goaways().empty());
    EXPECT_EQ(client2.goaways().back().error, h2::enhance_your_calm);
    EXPECT_TRUE(front->logged("header far too large"));
    expect_memory_below(40'000U);
}

TEST_F(Http2Flood, S6_9_1_WindowOverflowOfTheConnection) {
    client2 = connect2();
    client2.grant(0, 0x7fffffff);
    client2.closed();
    ASSERT_FALSE(client2.goaways().empty());
    EXPECT_EQ(client2.goaways().back().error, h2::flow_control_error);
}

/// 99th percentile of the time that requests take, one after the other, for about a second.
std::chrono::microseconds p99(const std::function<void()>& ask) {
    std::vector<std::chrono::steady_clock::duration> times;
    const auto until = std::chrono::steady_clock::now() + 1s;
    while (std::chrono::steady_clock::now() < until) {
        const auto begun = std::chrono::steady_clock::now();
        ask();
        times.push_back(std::chrono::steady_clock::now() - begun);
    }
    std::ranges::sort(times);
    return std::chrono::ceil<std::chrono::microseconds>(times[times.size() * 99 / 100]);
}

class Http2FloodTiming : public Http2Flood {
  protected:
    /// p99 of `ask` while somebody sends one `piece` after the other.
    std::chrono::microseconds under_flood(
        const std::function<std::string(std::uint32_t)>& piece, const std::function<void()>& ask
    ) {
        std::atomic<bool> enough = false;
        std::thread flood([&] {
            while (!enough) {
                Http2Client attacker = connect2();
                for (std::uint32_t i = 0; !enough && attacker.send(piece(i)); ++i) {
                }
            }
        });
        const auto busy = p99(ask);
        enough = true;
        flood.join();
        return busy;
    }
};

/// Under floods another client is served with a p99 below three times that of an idle proxy, or
/// within what the time slices of a busy machine add. A round in which it was busy with something
/// else is repeated.
TEST_F(Http2FloodTiming, OfAnotherClient) {
    const Nginx nginx(scratch() / "nginx", ports);
    config.http.backend_port = nginx.port();
    client2 = connect2();
    std::uint32_t id = 1;
    const auto ask = [&] {
        client2.request(id, request("GET", "/small"));
        ASSERT_TRUE(client2.done(id));
        ASSERT_EQ(client2.stream(id).body, "small");
        id += 2;
    };
    const auto idle = p99(ask);
    const auto limit = std::max<std::chrono::microseconds>(3 * idle, 10ms);
    const std::vector<std::function<std::string(std::uint32_t)>> floods = {
        [](std::uint32_t i) {
            return frame(
                h2::headers,
                h2::end_headers | h2::end_stream,
                2 * i + 1,
                h2::block(request("GET", "/", {{"connection", "close"}}))
            );
        },
        [](std::uint32_t i) { return frame(h2::ping, h2::none, 0, number(i, 8)); },
        [](std::uint32_t) { return frame(0xee, h2::none, 0); }};
    for (const auto& piece : floods) {
        std::chrono::microseconds busy{};
        for (int round = 0; round < 3 && (round == 0 || busy >= limit); ++round) {
            busy = under_flood(piece, ask);
            std::cout << "p99 idle " << idle.count() << " us, flooded " << busy.count() << " us\n";
        }
        EXPECT_LT(busy, limit);
    }
}

}  // namespace
}  // namespace hsmfront::test
