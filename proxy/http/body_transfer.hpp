// BodyTransfer: the content of a message from one side to the other.
#pragma once

#include "proxy/http/content.hpp"
#include "proxy/net/deadline.hpp"

#include <cstdint>
#include <limits>

namespace hsmfront::http {

/// Fixed memory whatever the size: what is in hand is written before more is received.
class BodyTransfer {
  public:
    struct Route {
        ContentSource& source;
        ContentSink& sink;
        net::Watchdog& watch;  ///< touched for each piece
    };
    enum class End {
        complete,
        source_failed,  ///< error() says how; the content is cut
        malformed,      ///< as it was framed
        too_large,      ///< over the limit
        sink_failed,    ///< error() says how
    };

    /// `limit`: bytes of content.
    explicit BodyTransfer(
        Route route, std::uint64_t limit = std::numeric_limits<std::uint64_t>::max()
    )
        : route_(route), limit_(limit) {}

    [[nodiscard]] net::Task<End> run();
    [[nodiscard]] const error_code& error() const noexcept { return error_; }
    /// Bytes of content that the sink took.
    [[nodiscard]] std::uint64_t content() const noexcept { return content_; }

  private:
    enum class Pace { starved, done, malformed, too_large, sink_failed };
    [[nodiscard]] net::Task<Pace> use_what_is_there();
    /// Ends `pace` differently if `ec` is set.
    [[nodiscard]] Pace written(error_code ec, Pace pace);

    Route route_;
    std::uint64_t limit_;
    std::uint64_t content_ = 0;
    error_code error_;
};

}  // namespace hsmfront::http
