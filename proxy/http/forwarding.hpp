// What a message looks like on its next HTTP/1.1 hop: hop-by-hop fields out, forwarding fields in,
// framing written anew (RFC 9110 §7.6). Messages are written from parsed fields, never copied.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/body.hpp"
#include "proxy/http/client_identity.hpp"
#include "proxy/http/request.hpp"

#include <string>

namespace hsmfront::http {

/// Appends the head for the backend, always HTTP/1.1.
void append_request_head(
    std::string& out,
    const RequestHead& head,
    const Checked& checked,
    const ClientIdentity& client,
    const config::Http& settings
);

/// How a response goes on to an HTTP/1 client.
struct ResponsePlan {
    Framing framing;  ///< as the backend sends it
    BodyEncoder::Kind encoding = BodyEncoder::Kind::plain;
    bool keep_alive = false;  ///< of the client's connection
    bool trailers = false;    ///< the trailer section goes on too
};

/// `keep_alive`: as far as the request and the session's state allow it.
[[nodiscard]] ResponsePlan plan_response(
    const ResponseHead& head, Framing framing, const Request& request, bool keep_alive
);

/// Appends the head of a final response.
void append_response_head(
    std::string& out,
    const ResponseHead& head,
    const Request& request,
    const ResponsePlan& plan,
    const config::Http& settings
);

/// Appends a 1xx response other than 101, or the 101 of a WebSocket.
void append_interim_head(std::string& out, const ResponseHead& head);

}  // namespace hsmfront::http
