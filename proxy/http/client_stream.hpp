// ClientStream: what an exchange sees of its client: one request on an HTTP/1 connection, or one
// stream of an HTTP/2 connection.
#pragma once

#include "proxy/http/content.hpp"
#include "proxy/http/framing.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/session.hpp"

#include <string_view>

namespace hsmfront::http {

struct BackendConnection;

class ClientStream {
  public:
    virtual ~ClientStream() = default;

    [[nodiscard]] virtual net::WorkerContext& worker() noexcept = 0;
    /// Interrupts the client's side of this request and the attached backend connection.
    [[nodiscard]] virtual net::Watchdog& watch() noexcept = 0;
    /// The backend connection that ends together with this request; null: none.
    virtual void attach(net::Interruptible* backend) noexcept = 0;
    /// Ended from outside (a stop, or on HTTP/2 the stream or its connection): nobody is there to
    /// be answered.
    [[nodiscard]] virtual bool stopped() const noexcept = 0;

    /// The request's content.
    [[nodiscard]] virtual ContentSource& content() noexcept = 0;
    /// Ends whoever waits for content: what is still to come is not wanted.
    virtual void refuse_content() noexcept = 0;
    /// Makes the stream usable again after the watch or refuse_content() interrupted it, so that
    /// an answer can be sent. Does nothing after a stop.
    virtual void resume() noexcept = 0;

    /// Passes on a 1xx response other than 101 to clients that know of them.
    [[nodiscard]] virtual net::Task<error_code> interim(const ResponseHead& head) = 0;
    /// Takes the head of the final response, whose content the backend frames as `framing`. It goes
    /// out with the first content, at the latest with the sink's flush(). `whole_request`: the
    /// request's content was sent on to its end. The sink lives as long as the stream; the head's
    /// views are not needed after this call.
    [[nodiscard]] virtual ContentSink& respond(
        const ResponseHead& head, Framing framing, bool whole_request
    ) = 0;
    /// A whole answer of our own instead of respond(), or after it if nothing was sent().
    [[nodiscard]] virtual net::Task<error_code> answer(Status status, bool whole_request) = 0;
    /// Passes on a 101, whose head is the first `head_size` bytes of the backend's inlet, and
    /// relays bytes both ways until both sides have ended. False: something was cut. Only where the
    /// request asked for an upgrade.
    [[nodiscard]] virtual net::Task<bool> tunnel(
        const ResponseHead& head, std::size_t head_size, BackendConnection& backend
    ) = 0;
};

}  // namespace hsmfront::http
