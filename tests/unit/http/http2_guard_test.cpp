// What HTTP/2 frames count as, with a clock that the test moves.
#include "proxy/http/http2_guard.hpp"

#include <gtest/gtest.h>

namespace hsmfront::http {
namespace {

using namespace std::chrono_literals;

class Http2GuardTest : public testing::Test {
  protected:
    std::optional<Http2Limit> receive(
        std::uint8_t type, std::uint8_t flags = 0, std::size_t length = 0
    ) {
        nghttp2_frame_hd frame{};
        frame.type = type;
        frame.flags = flags;
        frame.length = length;
        return guard.received(frame, now);
    }

    /// How many of them are taken without a pause, up to 1000.
    std::size_t taken(std::uint8_t type, std::uint8_t flags = 0, std::size_t length = 0) {
        std::size_t count = 0;
        while (count < 1'000 && !receive(type, flags, length)) {
            ++count;
        }
        return count;
    }

    config::Http2Limits limits;
    Http2Guard::Clock::time_point now{};
    Http2Guard guard{limits, now};
};

TEST_F(Http2GuardTest, RatesFillAgain) {
    EXPECT_EQ(taken(NGHTTP2_RST_STREAM), limits.resets.count);
    EXPECT_EQ(receive(NGHTTP2_RST_STREAM), Http2Limit::resets);
    now += limits.resets.per;
    EXPECT_EQ(taken(NGHTTP2_RST_STREAM), limits.resets.count);
}

TEST_F(Http2GuardTest, PingAndSettingsShareARate) {
    EXPECT_EQ(taken(NGHTTP2_PING), limits.pings.count);
    EXPECT_EQ(receive(NGHTTP2_SETTINGS), Http2Limit::pings);
}

TEST_F(Http2GuardTest, FramesThatSayNothing) {
    EXPECT_EQ(taken(NGHTTP2_DATA), limits.empty_frames.count);
    EXPECT_EQ(receive(NGHTTP2_PRIORITY), Http2Limit::empty_frames);
    EXPECT_EQ(receive(0xee), Http2Limit::empty_frames);
    EXPECT_EQ(guard.received_padding(now), Http2Limit::empty_frames);
}

TEST_F(Http2GuardTest, UsualFramesAreFree) {
    EXPECT_EQ(taken(NGHTTP2_HEADERS), 1'000U);
    EXPECT_EQ(taken(NGHTTP2_DATA, 0, 1), 1'000U);
    EXPECT_EQ(taken(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM), 1'000U);
    EXPECT_EQ(taken(NGHTTP2_WINDOW_UPDATE, 0, 4), 1'000U);
}

TEST_F(Http2GuardTest, ContinuationsCountForEachBlock) {
    EXPECT_EQ(receive(NGHTTP2_HEADERS), std::nullopt);
    EXPECT_EQ(taken(NGHTTP2_CONTINUATION, 0, 100), limits.continuations);
    EXPECT_EQ(receive(NGHTTP2_HEADERS), std::nullopt);
    EXPECT_EQ(taken(NGHTTP2_CONTINUATION, 0, 100), limits.continuations);
}

TEST_F(Http2GuardTest, OnlyResetsThatAClientCausesCount) {
    for (int i = 0; i < 1'000; ++i) {
        EXPECT_EQ(guard.sent_reset(NGHTTP2_NO_ERROR, now), std::nullopt);
        EXPECT_EQ(guard.sent_reset(NGHTTP2_INTERNAL_ERROR, now), std::nullopt);
    }
    for (std::size_t i = 0; i < limits.resets.count; ++i) {
        EXPECT_EQ(guard.sent_reset(NGHTTP2_PROTOCOL_ERROR, now), std::nullopt);
    }
    EXPECT_EQ(guard.sent_reset(NGHTTP2_PROTOCOL_ERROR, now), Http2Limit::resets);
}

}  // namespace
}  // namespace hsmfront::http
