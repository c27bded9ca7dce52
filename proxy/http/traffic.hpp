// Traffic: what the HTTPS side of one worker did, for metrics.
#pragma once

#include "certs/histogram.hpp"
#include "proxy/http/http2_counters.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace hsmfront::http {

/// Written by one worker, read from anywhere. Outlives reloads.
struct Traffic {
    using Counter = std::atomic<std::uint64_t>;

    Counter connections = 0;             ///< that did their handshake
    std::array<Counter, 6> requests{};   ///< by the first digit of the status; 0: no answer
    Counter received = 0;                ///< bytes of requests' content
    Counter sent = 0;                    ///< bytes of responses' content
    certs::HistogramRecorder durations;  ///< from the request's head to its end
    Http2Counters http2;

    /// A request has ended.
    void count(
        unsigned status,
        std::uint64_t bytes_received,
        std::uint64_t bytes_sent,
        std::chrono::nanoseconds duration
    ) noexcept {
        add(requests[std::min<std::size_t>(status / 100, requests.size() - 1)], 1);
        add(received, bytes_received);
        add(sent, bytes_sent);
        durations.record(duration);
    }

    static void add(Counter& counter, std::uint64_t more) noexcept {
        if (more != 0) {
            counter.fetch_add(more, std::memory_order_relaxed);
        }
    }
};

}  // namespace hsmfront::http
