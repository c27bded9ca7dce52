// AccessRecord: what the access log says of one request, and its two notations.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::http {

/// Views that are empty, and durations that are not set, were not known.
struct AccessRecord {
    using Milliseconds = std::chrono::milliseconds;

    // Of the connection.
    std::uint64_t session = 0;
    std::string_view client;  ///< address: "192.0.2.1", "2001:db8::1"
    std::uint16_t client_port = 0;
    std::string_view user;  ///< subject of the verified client certificate
    std::string_view tls_version;
    std::string_view cipher;
    std::string_view alpn;
    bool resumed = false;

    // Of the request.
    std::chrono::system_clock::time_point begun;
    std::string_view host;
    std::string_view method;   ///< empty: the request could not be read
    std::string_view target;   ///< path and query, as the client sent them
    std::string_view version;  ///< "HTTP/1.1", "HTTP/2.0"
    std::string_view referer;
    std::string_view user_agent;
    unsigned status = 0;                     ///< 0: the client got none
    std::uint64_t received = 0;              ///< bytes of content from the client
    std::uint64_t sent = 0;                  ///< bytes of content to the client
    std::optional<Milliseconds> handshake;   ///< TLS; of the first request on a connection
    std::optional<Milliseconds> connect;     ///< to the backend; 0: an open connection was used
    std::optional<Milliseconds> first_byte;  ///< until the response began
    Milliseconds total{0};
    std::string_view backend;  ///< "192.0.2.1:8080"
    std::string_view reason;   ///< what went wrong; empty: nothing
};

/// Appends a line, without its end, in the "combined" format of Apache and nginx, followed by
/// key=value pairs. Quotes, backslashes, control characters and what is not ASCII come out as \xXX,
/// so that nobody can write a line of his own. Times are local, with their offset from UTC.
void append_text(std::string& out, const AccessRecord& record);

/// Appends a line, without its end, that is a JSON object (RFC 8259). What is not known is left
/// out. Bytes that are no UTF-8 come out as U+FFFD.
void append_json(std::string& out, const AccessRecord& record);

}  // namespace hsmfront::http
