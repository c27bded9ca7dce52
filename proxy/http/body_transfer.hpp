// BodyTransfer: a head and its content from one connection to the other, framed anew.
#pragma once

#include "proxy/http/body.hpp"
#include "proxy/http/inlet.hpp"
#include "proxy/net/deadline.hpp"

#include <cstdint>
#include <limits>
#include <string>

namespace hsmfront::http {

/// Fixed memory whatever the size: what is in hand is written before more is read.
class BodyTransfer {
  public:
    struct Route {
        Inlet& source;
        net::Transport& sink;
        net::Watchdog& watch;  ///< touched for each piece
    };
    struct Options {
        Framing framing;             ///< at the source
        BodyEncoder::Kind encoding;  ///< towards the sink
        bool trailers = false;       ///< the trailer section goes on
        std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();  ///< bytes of content
    };
    enum class End {
        complete,
        source_failed,  ///< error() says how; the content is cut
        malformed,      ///< the source's chunks are
        too_large,      ///< over the limit
        sink_failed,    ///< error() says how
    };

    /// `head` goes out in front of the content, in the same write where both fit a TLS record.
    BodyTransfer(Route route, Options options, std::string head);

    [[nodiscard]] net::Task<End> run();
    [[nodiscard]] const error_code& error() const noexcept { return error_; }
    /// Bytes handed to the sink. 0: it does not even know of a head.
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

  private:
    /// The content of one TLS record; small pieces are gathered up to it.
    static constexpr std::size_t record = std::size_t{16} * 1024;

    enum class Pace { starved, done, malformed, too_large, sink_failed };
    [[nodiscard]] net::Task<Pace> use_what_is_there();
    [[nodiscard]] net::Task<bool> put(std::string_view data);
    [[nodiscard]] net::Task<bool> flush();
    [[nodiscard]] net::Task<bool> write(std::string_view bytes);

    Route route_;
    Options options_;
    BodyDecoder decoder_;
    BodyEncoder encoder_;
    std::string out_;
    std::uint64_t content_ = 0;
    std::uint64_t sent_ = 0;
    error_code error_;
};

}  // namespace hsmfront::http
