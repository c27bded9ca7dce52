// Http2Session: one client connection that speaks HTTP/2 (RFC 9113).
#pragma once

#include "proxy/http/client_connection.hpp"
#include "proxy/http/dispatch.hpp"
#include "proxy/http/http2_guard.hpp"
#include "proxy/http/http2_memory.hpp"
#include "proxy/http/http2_output.hpp"
#include "proxy/http/http2_scanner.hpp"
#include "proxy/http/http2_stream.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hsmfront::http {

struct Http2Callbacks;

struct Http2Deleter {
    void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
};

/// Reads frames, starts an exchange for each request, and ends the connection when it is idle for
/// too long, breaks the protocol, goes beyond a limit, or the proxy drains (RFC 9113 §6.8).
class Http2Session final : public net::Interruptible {
  public:
    /// All references outlive it.
    Http2Session(ClientConnection& client, const Dispatch& dispatch);
    ~Http2Session() override = default;
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;

    /// Serves requests until one of the sides ends; the connection is closed or reset then.
    [[nodiscard]] net::Task<void> run();
    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_; }
    /// Open at present.
    [[nodiscard]] std::size_t streams() const noexcept { return streams_.size(); }
    /// Why it ended.
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }
    /// A drain begins the end in order; all else is left to the connection.
    void interrupt(error_code reason) noexcept override;
    /// Begins the end in order.
    void retire() noexcept override;

  private:
    friend struct Http2Callbacks;

    /// What the connection's time limit is about.
    enum class Phase { start, header, streams, idle };

    /// After a PING comes back, or in time: the client has seen the first GOAWAY.
    struct Farewell final : net::Interruptible {
        explicit Farewell(Http2Session& owner) : session(owner) {}
        void interrupt(error_code reason) noexcept override;
        Http2Session& session;
    };

    void greet();
    void take_input();
    /// Counts the frames in `bytes`. False: the connection is to end.
    [[nodiscard]] bool admit(std::string_view bytes);
    void note_end(error_code ec);
    void update_phase();
    /// Ends the connection with GOAWAY. The first reason counts.
    void terminate(std::uint32_t error_code, std::string_view reason);
    /// The same for a limit; none: nothing. True if there was one.
    bool enforce(std::optional<Http2Limit> limit);
    void announce_end();
    [[nodiscard]] net::Task<void> wind_up();
    [[nodiscard]] net::Task<void> close();

    [[nodiscard]] Http2Stream* stream(std::int32_t id) noexcept;
    void begin_request(Http2Stream& stream, bool ended);
    void end_with_trailers(Http2Stream& stream);
    void reset(std::int32_t stream, std::uint32_t error_code);
    [[nodiscard]] net::Task<void> serve(
        Http2Stream& stream, Request request, Destination destination, std::string head
    );
    [[nodiscard]] net::Task<void> refuse(Http2Stream& stream, Status status);
    /// The stream's coroutine is done.
    void part(Http2Stream& stream);

    ClientConnection& client_;
    const Dispatch& dispatch_;
    const config::Http& settings_;
    Http2Counters& counters_;
    net::SessionRegistry::Entry entry_;
    const net::Clock::time_point begun_ = net::Clock::now();
    Http2Memory memory_;
    std::unique_ptr<nghttp2_session, Http2Deleter> native_;
    Http2Scanner scanner_;
    Http2Guard guard_;
    Http2Output output_;
    net::TaskGroup tasks_;
    std::unordered_map<std::int32_t, std::unique_ptr<Http2Stream>> streams_;
    Farewell farewell_{*this};
    std::optional<net::Watchdog> grace_;  ///< of a drain, for the client to see the first GOAWAY
    Phase phase_ = Phase::idle;
    std::uint64_t requests_ = 0;
    std::string_view reason_;
    bool settled_ = false;  ///< the client has acknowledged our SETTINGS
    bool draining_ = false;
    bool announced_ = false;   ///< the last stream of a drain was named
    bool terminated_ = false;  ///< GOAWAY was submitted for a reason
    bool winding_up_ = false;  ///< nothing but what is ready now is said any more
};

}  // namespace hsmfront::http
