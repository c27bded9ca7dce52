// The answers this proxy gives itself: small plain pages.
#pragma once

#include "proxy/http/status.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace hsmfront::http {

[[nodiscard]] std::string_view reason_phrase(Status status) noexcept;

/// Why a request got `status` before a backend was asked, for logs.
[[nodiscard]] std::string_view refusal_reason(Status status) noexcept;

/// IMF-fixdate (RFC 9110 §5.6.7), always GMT and English.
[[nodiscard]] std::string http_date(std::time_t when);

/// The content of an error's response: what, and what to do.
[[nodiscard]] std::string error_page(Status status);

struct ErrorOptions {
    bool head_request = false;  ///< no content is sent
    bool keep_alive = false;    ///< the connection goes on
};

/// Appends a whole HTTP/1.1 response.
void append_error(std::string& out, Status status, ErrorOptions options);

/// Appends a whole 400 response for who speaks HTTP/1 on an HTTPS port; it ends the connection.
void append_plain_http_error(std::string& out);

/// Appends a whole 308 response to `location` that ends the connection.
void append_redirect(std::string& out, std::string_view location, bool head_request);

}  // namespace hsmfront::http
