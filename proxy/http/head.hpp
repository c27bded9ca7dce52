// Request and response heads, strictly as RFC 9112 §2–§5 has them: what is ambiguous is refused,
// never repaired. Pure functions over bytes.
#pragma once

#include "proxy/http/fields.hpp"
#include "proxy/http/status.hpp"

#include <cstddef>
#include <string_view>

namespace hsmfront::http {

enum class Version { http1_0, http1_1, http2 };

/// Views into the bytes it was parsed from.
struct RequestHead {
    std::string_view method;
    std::string_view target;
    Version version = Version::http1_1;
    Fields fields;
};

/// Views into the bytes it was parsed from.
struct ResponseHead {
    Version version = Version::http1_1;
    unsigned status = 0;  ///< 100–599
    std::string_view reason;
    Fields fields;
};

/// Finds where a head ends while its bytes arrive piece by piece; looks at each byte once.
class HeadScanner {
  public:
    enum class State {
        incomplete,
        complete,
        malformed,      ///< a line that does not end in CRLF
        line_too_long,  ///< over the limit before the first line ended
        too_large,      ///< over the limit
    };

    /// `limit` counts start line and fields in bytes. A request may be preceded by one empty line
    /// (RFC 9112 §2.2), a response may not.
    enum class Kind { request, response };
    HeadScanner(Kind kind, std::size_t limit) : kind_(kind), limit_(limit) {}

    /// `input` is everything received so far from where the head begins.
    [[nodiscard]] State scan(std::string_view input) noexcept;
    /// Once complete: the head without an empty line before it, with the one that ends it.
    [[nodiscard]] std::string_view head(std::string_view input) const noexcept {
        return input.substr(begin_, end_ - begin_);
    }
    /// Once complete: how many bytes of the input belong to the head.
    [[nodiscard]] std::size_t consumed() const noexcept { return end_; }

  private:
    [[nodiscard]] bool take_line(std::size_t line_feed) noexcept;

    Kind kind_;
    std::size_t limit_;
    std::size_t begin_ = 0;       ///< of the start line
    std::size_t end_ = 0;         ///< behind the final empty line, once found
    std::size_t line_start_ = 0;  ///< of the line being received
    std::size_t scanned_ = 0;
};

/// `head` is a complete one, as HeadScanner gives it. Status: bad_request, fields_too_large (more
/// than `max_fields`), version_not_supported.
[[nodiscard]] Parsed<RequestHead> parse_request_head(std::string_view head, std::size_t max_fields);

/// As parse_request_head, for a backend's response. Status: bad_gateway.
[[nodiscard]] Parsed<ResponseHead> parse_response_head(
    std::string_view head, std::size_t max_fields
);

/// One line without its CRLF. False if it is no field line: obs-fold, whitespace before the colon,
/// empty or odd name, control characters.
[[nodiscard]] bool parse_field_line(std::string_view line, Field& field) noexcept;

}  // namespace hsmfront::http
