// Exchange: one request and its response, between a client's connection and the backend.
#pragma once

#include "proxy/http/backend_pool.hpp"
#include "proxy/http/body_transfer.hpp"
#include "proxy/http/client_connection.hpp"
#include "proxy/http/forwarding.hpp"
#include "proxy/net/task_group.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::http {

/// How the client's connection goes on after a request.
enum class Next {
    another,  ///< it may send another one
    close,    ///< everything was said: orderly end
    ended,    ///< both directions have ended already (tunnel)
    abort,    ///< something was cut: the client must not take it for an orderly end
};

/// Lives as long as its request. The upload runs beside the response, so that an early final
/// response reaches the client while it is still sending (RFC 9112 §9.3, RFC 9110 §10.1.1).
class Exchange {
  public:
    /// `head` is the request's head for the backend. All references outlive it.
    Exchange(
        ClientConnection& client,
        BackendPool& backends,
        const config::Http& settings,
        Request request,
        std::string head
    );

    [[nodiscard]] net::Task<Next> run();
    /// Why the connection cannot go on, for the log; empty if nothing is wrong.
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

  private:
    enum class Reply {
        final,        ///< a final response's head, or an expected 101
        failed,       ///< the backend's connection ended or timed out
        malformed,    ///< what came is no valid response
        client_gone,  ///< an interim response could not be delivered
    };

    /// Nothing: the connection taken from the pool was stale, the request may go to another.
    [[nodiscard]] net::Task<std::optional<Next>> attempt(bool may_retry);
    [[nodiscard]] net::Task<Next> conclude(Reply reply);
    void part_with_backend();

    [[nodiscard]] net::Task<void> upload();
    [[nodiscard]] net::Task<void> stop_upload();
    [[nodiscard]] bool uploaded() const noexcept;

    [[nodiscard]] net::Task<Reply> await_reply();
    [[nodiscard]] net::Task<Reply> receive_head();
    [[nodiscard]] net::Task<bool> relay_interim();
    [[nodiscard]] net::Task<Next> deliver(Framing framing);
    [[nodiscard]] Next after_delivery(Framing framing, bool keep_alive);
    [[nodiscard]] Next broken_off(BodyTransfer::End end);
    [[nodiscard]] net::Task<Next> tunnel();

    [[nodiscard]] net::Task<Next> fail(Reply reply);
    [[nodiscard]] std::optional<Status> blame(Reply reply, bool expired) const;
    [[nodiscard]] net::Task<Next> refuse(Status status);

    ClientConnection& client_;
    BackendPool& backends_;
    const config::Http& settings_;
    const Request request_;
    const std::string head_;
    net::TaskGroup tasks_;
    std::unique_ptr<BackendConnection> backend_;
    std::optional<BodyTransfer> upload_;
    std::optional<BodyTransfer::End> upload_end_;
    ResponseHead reply_;  ///< views into the backend's inlet, until it is consumed
    std::size_t reply_size_ = 0;
    bool silent_ = true;          ///< no byte of a response has come
    bool awaiting_reply_ = true;  ///< the final response has not begun
    bool persistent_ = false;     ///< the backend keeps its connection open
    bool complete_ = false;       ///< request and response went over whole
    std::string_view reason_;
};

}  // namespace hsmfront::http
