// Exchange: one request and its response, between a client and a backend.
#pragma once

#include "proxy/http/backend_search.hpp"
#include "proxy/http/body_transfer.hpp"
#include "proxy/http/client_stream.hpp"
#include "proxy/http/framed_content.hpp"
#include "proxy/http/request.hpp"
#include "proxy/net/task_group.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace hsmfront::http {

/// What the client got.
enum class Outcome {
    complete,   ///< request and response went over whole
    early,      ///< the whole response, before the request's content was complete
    refused,    ///< an answer of our own
    tunnelled,  ///< bytes both ways, until both sides had ended
    cut,        ///< something broke off: the client must not take it for an orderly end
};

/// Lives as long as its request. The upload runs beside the response, so that an early final
/// response reaches the client while it is still sending (RFC 9112 §9.3, RFC 9110 §10.1.1).
class Exchange {
  public:
    /// What is known of it once it has ended, for logs.
    struct Facts {
        unsigned status = 0;                          ///< that the client got; 0: none
        std::string_view reason;                      ///< what went wrong; empty: nothing
        std::uint64_t received = 0;                   ///< bytes of the request's content
        std::uint64_t sent = 0;                       ///< bytes of the response's content
        net::milliseconds connect{0};                 ///< until there was a backend connection
        std::optional<net::milliseconds> first_byte;  ///< until the final response began
        bool reused = false;                          ///< the backend connection
        std::string backend;                          ///< "192.0.2.1:8080"; empty: none was reached
    };

    /// `head` is the request's head for the backend. All references outlive it.
    Exchange(
        ClientStream& client,
        Destination backends,
        const config::Http& settings,
        Request request,
        std::string head
    );

    [[nodiscard]] net::Task<Outcome> run();
    [[nodiscard]] const Facts& facts() const noexcept { return facts_; }

  private:
    enum class Reply {
        final,        ///< a final response's head, or an expected 101
        failed,       ///< the backend's connection ended or timed out
        malformed,    ///< what came is no valid response
        client_gone,  ///< an interim response could not be delivered
    };

    [[nodiscard]] net::Task<error_code> connect(BackendSearch::Kind kind);
    /// Nothing: the backend took the request to nothing, it may go to another connection.
    [[nodiscard]] net::Task<std::optional<Outcome>> attempt(bool may_retry);
    [[nodiscard]] net::Task<Outcome> conclude(Reply reply);
    void part_with_backend();

    [[nodiscard]] net::Task<void> upload();
    [[nodiscard]] net::Task<void> stop_upload();
    [[nodiscard]] bool uploaded() const noexcept;

    [[nodiscard]] net::Task<Reply> await_reply();
    [[nodiscard]] net::Task<Reply> receive_head();
    [[nodiscard]] net::Task<bool> relay_interim();
    [[nodiscard]] net::Task<Outcome> deliver(Framing framing);
    [[nodiscard]] Outcome after_delivery(Framing framing);
    [[nodiscard]] Outcome broken_off(BodyTransfer::End end);
    [[nodiscard]] net::Task<Outcome> tunnel();

    [[nodiscard]] net::Task<Outcome> fail(Reply reply);
    [[nodiscard]] std::optional<Status> blame(Reply reply, bool expired) const;
    [[nodiscard]] net::Task<Outcome> refuse(Status status);
    [[nodiscard]] Outcome stop();
    [[nodiscard]] net::milliseconds elapsed() const;

    ClientStream& client_;
    const config::Http& settings_;
    const Request request_;
    const std::string head_;
    const net::Clock::time_point begun_ = net::Clock::now();
    BackendSearch search_;
    net::TaskGroup tasks_;
    std::unique_ptr<BackendConnection> backend_;
    std::optional<FramedSink> upload_sink_;
    std::optional<BodyTransfer> upload_;
    std::optional<BodyTransfer::End> upload_end_;
    ResponseHead reply_;  ///< views into the backend's inlet, until it is consumed
    std::size_t reply_size_ = 0;
    bool silent_ = true;          ///< no byte of a response has come
    bool awaiting_reply_ = true;  ///< the final response has not begun
    bool persistent_ = false;     ///< the backend keeps its connection open
    bool complete_ = false;       ///< request and response went over whole
    bool failed_ = false;         ///< the backend's fault
    Facts facts_;
};

}  // namespace hsmfront::http
