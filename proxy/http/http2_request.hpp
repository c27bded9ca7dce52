// Requests as HTTP/2 has them (RFC 9113 §8.1–§8.3), and what they are in HTTP/1.1. No sockets.
#pragma once

#include "proxy/http/request.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::http {

/// A field section as it comes out of HPACK, line by line. Cookie crumbs become one field
/// (RFC 9113 §8.2.3).
class Http2Section {
  public:
    /// `max_bytes` counts names, values and 32 for each line (RFC 9113 §6.5.2).
    Http2Section(std::size_t max_bytes, std::size_t max_lines)
        : max_bytes_(max_bytes), max_lines_(max_lines) {}

    /// Beyond the limits lines are counted and not kept.
    void add(std::string_view name, std::string_view value);
    [[nodiscard]] bool too_large() const noexcept {
        return bytes_ > max_bytes_ || lines_ > max_lines_;
    }
    /// Counted as `max_bytes` is.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    /// False: a crumb of a cookie has characters or outer whitespace that no field may have.
    [[nodiscard]] bool sound() const noexcept { return sound_; }
    /// The lines kept, in order; views into this section.
    [[nodiscard]] Fields fields() const;

  private:
    struct Line {
        std::size_t name;  ///< bytes
        std::size_t value;
        bool cookies = false;  ///< stands for all of them
    };

    std::size_t max_bytes_;
    std::size_t max_lines_;
    std::size_t bytes_ = 0;
    std::size_t lines_ = 0;
    std::string text_;
    std::vector<Line> kept_;
    std::string cookies_;
    bool has_cookies_ = false;
    bool sound_ = true;
};

/// A request that could have come by HTTP/1.1. Views into the section it was made from.
struct Http2Request {
    RequestHead head;  ///< Host among the fields
    Checked checked;
};

/// Why a request is not served.
struct Http2Refusal {
    /// What to answer with. None: malformed, a stream error PROTOCOL_ERROR (RFC 9113 §8.1.1).
    std::optional<Status> status;
};

/// `ended`: no content follows (END_STREAM). Malformed: pseudo-header fields that are missing, odd,
/// doubled or out of place, fields of a connection, upper case, characters that no field may have,
/// outer whitespace, user information, an authority other than Host's, a Content-Length that cannot
/// be true. Status: fields_too_large, not_implemented, and bad_request for what HTTP/1.1 would make
/// ambiguous.
[[nodiscard]] boost::system::result<Http2Request, Http2Refusal> convert_request(
    const Http2Section& section, bool ended
);

/// A trailer section as field lines with their CRLF; nothing if it is malformed.
[[nodiscard]] std::optional<std::string> convert_trailers(const Http2Section& section);

/// The value of `name` in a section that may not be a request; "" if there is none.
[[nodiscard]] std::string_view pseudo_field(const Http2Section& section, std::string_view name);

}  // namespace hsmfront::http
