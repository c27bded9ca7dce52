// ContentSource and ContentSink: the content of a message, whatever frames it: HTTP/1 on a byte
// stream or the DATA frames of an HTTP/2 stream.
#pragma once

#include "config/result.hpp"
#include "proxy/net/executor.hpp"

#include <cstdint>
#include <string_view>

namespace hsmfront::http {

/// The content of a message that is received.
class ContentSource {
  public:
    enum class State { more, done, malformed };
    struct Slice {
        State state;
        std::string_view data;  ///< until the next call of anything
    };

    virtual ~ContentSource() = default;
    /// The next piece of what is in hand. `more` without data: nothing is, await receive(). `done`
    /// has no data.
    [[nodiscard]] virtual Slice next() = 0;
    /// The piece that next() gave was used up.
    virtual void consume() = 0;
    /// Waits for more. An end that was not announced is an error: Errc::eof, truncated.
    [[nodiscard]] virtual net::Task<error_code> receive() = 0;
    /// Once done: well-formed field lines of the trailer section, each with its CRLF.
    [[nodiscard]] virtual std::string_view trailers() const noexcept = 0;
};

/// Where the content of a message goes. A head may wait in it for the first piece of content.
class ContentSink {
  public:
    virtual ~ContentSink() = default;
    /// Small pieces may be gathered.
    [[nodiscard]] virtual net::Task<error_code> write(std::string_view data) = 0;
    /// Sends what was gathered, the head too.
    [[nodiscard]] virtual net::Task<error_code> flush() = 0;
    /// Sends the end. `trailers` are field lines with their CRLF; only those that may go on are
    /// sent (RFC 9110 §6.5.1), and none where the receiver does not take any.
    [[nodiscard]] virtual net::Task<error_code> finish(std::string_view trailers) = 0;
    /// Bytes given to the connection, the head's among them. 0: the receiver does not even know of
    /// a head.
    [[nodiscard]] virtual std::uint64_t sent() const noexcept = 0;
};

}  // namespace hsmfront::http
