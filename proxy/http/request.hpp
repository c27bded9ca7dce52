// Request: what a request head asks for, checked, and what must be remembered of it until its
// response is done.
#pragma once

#include "proxy/http/framing.hpp"
#include "proxy/http/target.hpp"

#include <string>
#include <string_view>

namespace hsmfront::http {

struct Request {
    Version version = Version::http1_1;
    Framing framing;
    std::string host;         ///< the authority meant: absolute form, else Host, else the default
    bool head = false;        ///< a HEAD request
    bool idempotent = false;  ///< RFC 9110 §9.2.2
    bool keep_alive = false;  ///< the client can go on with this connection
    bool accepts_trailers = false;  ///< TE: trailers
    bool websocket = false;         ///< asks for Upgrade: websocket (RFC 6455 §4.1)

    /// One retry on another connection does no harm: nothing but the head was sent.
    [[nodiscard]] bool repeatable() const noexcept { return idempotent && framing.empty(); }
};

/// A head with its checked parts; views into the head's buffer.
struct Checked {
    Request request;
    std::string_view path;
};

/// `default_host` stands in for a missing Host of HTTP/1.0. Status: bad_request (Host missing,
/// twice or malformed; framing; target), not_implemented.
[[nodiscard]] Parsed<Checked> check_request(const RequestHead& head, std::string_view default_host);

/// Whether a message of `version` with these fields leaves its connection open (RFC 9112 §9.3).
[[nodiscard]] bool persistent(Version version, const Fields& fields) noexcept;

}  // namespace hsmfront::http
