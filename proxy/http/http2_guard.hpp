// Http2Guard: counts what costs the client of an HTTP/2 connection nothing and us something
// (RFC 9113 §10.5).
#pragma once

#include "config/settings.hpp"
#include "proxy/http/http2_counters.hpp"
#include "proxy/net/token_bucket.hpp"

#include <nghttp2/nghttp2.h>
#include <optional>

namespace hsmfront::http {

/// Of one connection. Without a clock of its own.
class Http2Guard {
  public:
    using Clock = net::TokenBucket::Clock;

    /// `limits` outlive it.
    Http2Guard(const config::Http2Limits& limits, Clock::time_point now);

    /// Counts a received frame of any type by its header. The limit that it is beyond, if any.
    [[nodiscard]] std::optional<Http2Limit> received(
        const nghttp2_frame_hd& frame, Clock::time_point now
    );
    /// Counts a DATA frame with nothing but padding, which its header does not tell.
    [[nodiscard]] std::optional<Http2Limit> received_padding(Clock::time_point now);
    /// Counts a RST_STREAM that goes out. Only those that the client can cause at will count.
    [[nodiscard]] std::optional<Http2Limit> sent_reset(
        std::uint32_t error_code, Clock::time_point now
    );

  private:
    enum class Cost { none, reset, ping, empty, continuation };
    [[nodiscard]] static Cost cost_of(const nghttp2_frame_hd& frame) noexcept;
    [[nodiscard]] std::optional<Http2Limit> take(Cost cost, Clock::time_point now);

    const config::Http2Limits& limits_;
    net::TokenBucket resets_;
    net::TokenBucket pings_;
    net::TokenBucket empty_frames_;
    std::size_t continuations_ = 0;  ///< of the header block that is being received
};

}  // namespace hsmfront::http
