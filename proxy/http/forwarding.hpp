// What a message looks like on its next hop: hop-by-hop fields out, forwarding fields in, framing
// written anew (RFC 9110 §7.6, RFC 7239). Messages are written from parsed fields, never copied.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/body.hpp"
#include "proxy/http/request.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <ctime>
#include <string>
#include <string_view>

namespace hsmfront::http {

/// The client of a connection, as the backend is told.
struct ClientIdentity {
    std::string address;  ///< "192.0.2.1", "2001:db8::1"
    bool ipv6 = false;
    bool trusted = false;      ///< its own forwarding fields are believed
    std::string port;          ///< of ours that it came to
    std::string default_host;  ///< authority where an HTTP/1.0 request names none
};

/// `server_name` is the TLS SNI or empty.
[[nodiscard]] ClientIdentity identify_client(
    const boost::asio::ip::tcp::endpoint& peer,
    const boost::asio::ip::tcp::endpoint& local,
    std::string_view server_name,
    bool trusted
);

/// Appends the head for the backend, always HTTP/1.1.
void append_request_head(
    std::string& out,
    const RequestHead& head,
    const Checked& checked,
    const ClientIdentity& client,
    const config::Http& settings
);

/// How a response goes on to the client.
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

/// Appends those lines of a trailer section that may go on: nothing that frames, routes, or
/// authenticates a message (RFC 9110 §6.5.1).
void append_trailers(std::string& out, std::string_view trailers);

}  // namespace hsmfront::http
