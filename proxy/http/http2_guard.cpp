// What each kind of frame counts as.
#include "proxy/http/http2_guard.hpp"

namespace hsmfront::http {

std::string_view name(Http2Limit limit) noexcept {
    static constexpr std::array<std::string_view, http2_limits> names{
        "resets", "pings", "empty_frames", "continuations", "header_list", "queue"};
    return names[static_cast<std::size_t>(limit)];
}

std::string_view describe(Http2Limit limit) noexcept {
    switch (limit) {
        case Http2Limit::resets:
            return "too many resets (limits.http2.resets)";
        case Http2Limit::pings:
            return "too many PING or SETTINGS (limits.http2.pings)";
        case Http2Limit::empty_frames:
            return "too many empty frames (limits.http2.empty_frames)";
        case Http2Limit::continuations:
            return "too many CONTINUATION (limits.http2.continuations)";
        case Http2Limit::header_list:
            return "header far too large (limits.header)";
        default:
            return "answers are not taken";
    }
}

Http2Guard::Http2Guard(const config::Http2Limits& limits, Clock::time_point now)
    : limits_(limits),
      resets_(limits.resets, now),
      pings_(limits.pings, now),
      empty_frames_(limits.empty_frames, now) {}

Http2Guard::Cost Http2Guard::cost_of(const nghttp2_frame_hd& frame) noexcept {
    switch (frame.type) {
        case NGHTTP2_RST_STREAM:
            return Cost::reset;
        case NGHTTP2_PING:
        case NGHTTP2_SETTINGS:
            return Cost::ping;
        case NGHTTP2_CONTINUATION:
            return Cost::continuation;
        case NGHTTP2_DATA: {
            const bool last = (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0;
            return frame.length == 0 && !last ? Cost::empty : Cost::none;
        }
        case NGHTTP2_HEADERS:
        case NGHTTP2_WINDOW_UPDATE:  // one for each DATA frame is usual, and none is answered
            return Cost::none;
        default:  // PRIORITY, GOAWAY, and types that nobody here knows
            return Cost::empty;
    }
}

std::optional<Http2Limit> Http2Guard::take(Cost cost, Clock::time_point now) {
    switch (cost) {
        case Cost::reset:
            return resets_.take(limits_.resets, now) ? std::nullopt
                                                     : std::optional(Http2Limit::resets);
        case Cost::ping:
            return pings_.take(limits_.pings, now) ? std::nullopt
                                                   : std::optional(Http2Limit::pings);
        case Cost::empty:
            return empty_frames_.take(limits_.empty_frames, now)
                       ? std::nullopt
                       : std::optional(Http2Limit::empty_frames);
        case Cost::continuation:
            return ++continuations_ <= limits_.continuations
                       ? std::nullopt
                       : std::optional(Http2Limit::continuations);
        default:
            return std::nullopt;
    }
}

std::optional<Http2Limit> Http2Guard::received(
    const nghttp2_frame_hd& frame, Clock::time_point now
) {
    if (frame.type == NGHTTP2_HEADERS) {
        continuations_ = 0;
    }
    return take(cost_of(frame), now);
}

std::optional<Http2Limit> Http2Guard::received_padding(Clock::time_point now) {
    return take(Cost::empty, now);
}

std::optional<Http2Limit> Http2Guard::sent_reset(std::uint32_t error_code, Clock::time_point now) {
    // NO_ERROR follows an early answer, INTERNAL_ERROR a backend's failure.
    const bool ours = error_code == NGHTTP2_NO_ERROR || error_code == NGHTTP2_INTERNAL_ERROR;
    return take(ours ? Cost::none : Cost::reset, now);
}

}  // namespace hsmfront::http
