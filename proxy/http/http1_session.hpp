// Http1Session: the requests of one client connection, one after the other.
#pragma once

#include "proxy/http/access_entry.hpp"
#include "proxy/http/client_connection.hpp"
#include "proxy/http/dispatch.hpp"
#include "proxy/http/errors.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::http {

class Exchange;
class Http1Stream;

/// How the client's connection goes on after a request.
enum class Next {
    another,  ///< it may send another one
    close,    ///< everything was said: orderly end
    ended,    ///< both directions have ended already (tunnel)
    abort,    ///< something was cut: the client must not take it for an orderly end
};

class Http1Session {
  public:
    /// All references outlive it.
    Http1Session(ClientConnection& client, const Dispatch& dispatch)
        : client_(client), dispatch_(dispatch), settings_(dispatch.settings) {}

    /// Serves requests, pipelined or not, until one of the sides ends; the connection is closed or
    /// reset then.
    [[nodiscard]] net::Task<void> run();
    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
    /// Why it ended.
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
    /// Bytes sent of the response in hand.
    [[nodiscard]] std::uint64_t sending() const noexcept;
    /// That the request in hand is with, as "192.0.2.1:8080"; empty: none.
    [[nodiscard]] std::string_view backend() const noexcept;

  private:
    /// A request of which a byte is there.
    [[nodiscard]] net::Task<Next> serve_one();
    /// Waits for the first byte of a request.
    [[nodiscard]] net::Task<bool> await_request();
    [[nodiscard]] net::Task<Next> serve(
        std::string_view head, std::size_t consumed, AccessEntry& access
    );
    [[nodiscard]] net::Task<Next> exchange(
        Request request, Destination destination, std::string head, AccessEntry& access
    );
    [[nodiscard]] net::Task<Next> refuse(Status status, ErrorOptions options, AccessEntry& access);

    ClientConnection& client_;
    const Dispatch& dispatch_;
    const config::Http& settings_;
    std::uint64_t requests_ = 0;
    std::string_view reason_ = "client closed";
    const Http1Stream* stream_ = nullptr;  ///< of the request in hand, as is:
    const Exchange* exchange_ = nullptr;
};

/// Receives a request head into `scanner`. Nothing: the client is gone; else Status{} or what to
/// refuse it with. Restarts the watch with `limit` when it has to wait.
[[nodiscard]] net::Task<std::optional<Status>> receive_request_head(
    ClientConnection& client, HeadScanner& scanner, net::milliseconds limit
);

/// Ends a connection as `next` says. An orderly end waits a while for the client to take what was
/// sent: closing over unread input would reset the connection (RFC 9112 §9.6).
[[nodiscard]] net::Task<void> end_connection(ClientConnection& client, Next next);

}  // namespace hsmfront::http
