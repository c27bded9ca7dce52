// Where the content of a message ends (RFC 9112 §6.3). What is ambiguous is refused.
#pragma once

#include "proxy/http/head.hpp"

#include <cstdint>

namespace hsmfront::http {

struct Framing {
    enum class Kind {
        none,         ///< no content
        length,       ///< Content-Length
        chunked,      ///< Transfer-Encoding: chunked
        until_close,  ///< a response that ends with its connection
    };
    Kind kind = Kind::none;
    std::uint64_t length = 0;

    [[nodiscard]] bool empty() const noexcept {
        return kind == Kind::none || (kind == Kind::length && length == 0);
    }
};

/// Status: bad_request for Content-Length beside Transfer-Encoding, either of them twice, a
/// malformed value, a final coding other than chunked, Transfer-Encoding in HTTP/1.0, or a name
/// that a backend could take for one of the two (Content_Length); not_implemented for other codings
/// below chunked.
[[nodiscard]] Parsed<Framing> request_framing(const RequestHead& head);

/// `to_head`: it answers a HEAD request. Not for 1xx. Status: bad_gateway.
[[nodiscard]] Parsed<Framing> response_framing(const ResponseHead& head, bool to_head);

/// The number of a Content-Length: digits only, below 2^63.
[[nodiscard]] bool parse_length(std::string_view text, std::uint64_t& length) noexcept;

}  // namespace hsmfront::http
