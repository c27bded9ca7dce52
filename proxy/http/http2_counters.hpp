// Http2Counters: what HTTP/2 connections did, for metrics; and the limits that end one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hsmfront::http {

/// What closes a connection with ENHANCE_YOUR_CALM (RFC 9113 §10.5).
enum class Http2Limit {
    resets,         ///< `limits.http2.resets`
    pings,          ///< `limits.http2.pings`
    empty_frames,   ///< `limits.http2.empty_frames`
    continuations,  ///< `limits.http2.continuations`
    header_list,    ///< a field section several times `limits.header`
    queue,          ///< frames that the client makes us send and does not take
};
inline constexpr std::size_t http2_limits = 6;

/// "too many resets", for the log.
[[nodiscard]] std::string_view describe(Http2Limit limit) noexcept;

/// "resets", as the key below `limits.http2`, for metrics.
[[nodiscard]] std::string_view name(Http2Limit limit) noexcept;

/// Written by one worker, read from anywhere.
struct Http2Counters {
    using Counter = std::atomic<std::uint64_t>;

    Counter connections = 0;
    Counter streams = 0;    ///< requests begun
    Counter malformed = 0;  ///< requests that were a stream error (RFC 9113 §8.1.1)
    Counter resets = 0;     ///< streams that the client ended by RST_STREAM
    std::array<Counter, http2_limits> exceeded{};  ///< connections closed, by Http2Limit

    [[nodiscard]] Counter& of(Http2Limit limit) noexcept {
        return exceeded[static_cast<std::size_t>(limit)];
    }
};

}  // namespace hsmfront::http
