// The answers this proxy gives itself: small plain pages.
#pragma once

#include "proxy/http/status.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace hsmfront::http {

[[nodiscard]] std::string_view reason_phrase(Status status) noexcept;

/// IMF-fixdate (RFC 9110 §5.6.7), always GMT and English.
[[nodiscard]] std::string http_date(std::time_t when);

/// Appends a whole response that ends the connection. A HEAD request gets no content.
void append_error(std::string& out, Status status, bool head_request);

/// Appends a whole 308 response to `location` that ends the connection.
void append_redirect(std::string& out, std::string_view location, bool head_request);

}  // namespace hsmfront::http
