// Life of an HTTP/2 connection and of its requests.
#include "proxy/http/http2_session.hpp"

#include "proxy/http/errors.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/http/forwarding.hpp"
#include "proxy/http/http2_callbacks.hpp"
#include "proxy/net/errc.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace hsmfront::http {

namespace {

/// The connection's window, in windows of one stream: a stalled request must not hold up others.
constexpr std::size_t windows = 4;
/// The dynamic table of HPACK, each way (RFC 9113 §6.5.2: the initial value).
constexpr std::uint32_t hpack_table = 4'096;
/// Frames that wait to be taken by the client; streams need a few each.
constexpr std::size_t max_queue = 2'000;
/// A drain waits so long for a client to see the first GOAWAY (RFC 9113 §6.8).
constexpr net::milliseconds grace{1'000};
/// A connection that is being closed: for the last frames, and for the client to take them.
constexpr net::milliseconds farewell_limit{2'000};

std::int32_t connection_window(std::size_t stream_window) noexcept {
    constexpr std::size_t most = std::numeric_limits<std::int32_t>::max();
    return static_cast<std::int32_t>(std::min(most, windows * stream_window));
}

}  // namespace

Http2Session::Http2Session(ClientConnection& client, const Dispatch& dispatch)
    : client_(client),
      dispatch_(dispatch),
      settings_(dispatch.settings),
      counters_(dispatch.traffic.http2),
      entry_(client.worker().sessions, *this),
      native_(make_native(*this, memory_, settings_.limits.http2)),
      guard_(settings_.limits.http2, begun_),
      output_(client, native_.get(), settings_.timeouts.stall),
      tasks_(client.worker().executor) {}

void Http2Session::Farewell::interrupt(error_code) noexcept { session.announce_end(); }

net::Task<void> Http2Session::run() {
    ++counters_.connections;
    client_.set_busy(true);  // a drain ends it in its own way
    greet();
    if (client_.worker().sessions.draining()) {
        interrupt(net::Errc::stopped);  // it began while the handshake was under way
    } else if (!client_.worker().sessions.serving()) {
        retire();
    }
    while (true) {
        update_phase();
        const error_code ec = co_await client_.inlet().more();
        if (ec) {
            note_end(ec);
            break;
        }
        take_input();
        if (terminated_) {
            break;
        }
    }
    co_await wind_up();
}

/// Our SETTINGS, and a window for the whole connection.
void Http2Session::greet() {
    const config::Http2Limits& limits = settings_.limits.http2;
    const auto narrow = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
    const std::array settings{
        nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, narrow(limits.streams)},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, narrow(limits.window)},
        nghttp2_settings_entry{NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, hpack_table},
        nghttp2_settings_entry{
            NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, narrow(settings_.limits.header)},
        // Content goes out as it comes in; a tree of priorities would only cost (RFC 9218 §2.1).
        nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1}};
    nghttp2_submit_settings(native_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(
        native_.get(), NGHTTP2_FLAG_NONE, 0, connection_window(limits.window)
    );
    output_.wake();
}

void Http2Session::take_input() {
    const std::string_view bytes = client_.inlet().bytes();
    if (!admit(bytes)) {
        return;
    }
    const auto taken = nghttp2_session_mem_recv(
        native_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()
    );
    client_.inlet().consume(bytes.size());
    if (taken == NGHTTP2_ERR_FLOODED) {
        enforce(Http2Limit::queue);
    } else if (taken < 0) {
        terminate(NGHTTP2_PROTOCOL_ERROR, "not HTTP/2");
    } else if (nghttp2_session_get_outbound_queue_size(native_.get()) > max_queue) {
        enforce(Http2Limit::queue);
    }
    if (nghttp2_session_want_write(native_.get()) != 0 ||
        nghttp2_session_want_read(native_.get()) == 0) {
        output_.wake();
    }
}

bool Http2Session::admit(std::string_view bytes) {
    const auto now = net::Clock::now();
    while (const auto frame = scanner_.next(bytes)) {
        if (enforce(guard_.received(*frame, now))) {
            return false;
        }
        settled_ =
            settled_ || (frame->type == NGHTTP2_SETTINGS && (frame->flags & NGHTTP2_FLAG_ACK) != 0);
    }
    if (!settled_ && now - begun_ > settings_.timeouts.header) {
        terminate(NGHTTP2_SETTINGS_TIMEOUT, "SETTINGS not acknowledged");
    }
    return !terminated_;
}

void Http2Session::note_end(error_code ec) {
    if (!reason_.empty()) {
        return;
    }
    if (client_.stopped()) {
        reason_ = "stopped";
    } else if (draining_) {
        reason_ = "drained";
    } else if (client_.watch().expired()) {
        const bool idle = phase_ == Phase::idle;
        terminate(NGHTTP2_NO_ERROR, idle ? "idle" : "request head timed out");
    } else if (ec == net::Errc::timed_out) {
        reason_ = "client stalled";  // says the output
    } else {
        reason_ = "client closed";
    }
}

void Http2Session::update_phase() {
    const Phase next = scanner_.in_field_block() ? Phase::header
                       : !streams_.empty()       ? Phase::streams
                       : requests_ == 0          ? Phase::start
                                                 : Phase::idle;
    if (next == phase_) {
        return;
    }
    phase_ = next;
    if (next == Phase::streams) {
        client_.watch().pause();  // each stream has its own
    } else {
        const bool idle = next == Phase::idle;
        client_.watch().restart(idle ? settings_.timeouts.idle : settings_.timeouts.header);
    }
}

void Http2Session::terminate(std::uint32_t error_code, std::string_view reason) {
    if (!terminated_) {
        terminated_ = true;
        reason_ = reason;
        nghttp2_session_terminate_session(native_.get(), error_code);
    }
}

bool Http2Session::enforce(std::optional<Http2Limit> limit) {
    if (!limit) {
        return false;
    }
    if (!terminated_) {
        ++counters_.of(*limit);
    }
    terminate(NGHTTP2_ENHANCE_YOUR_CALM, describe(*limit));
    return true;
}

void Http2Session::interrupt(error_code reason) noexcept {
    const bool drain = reason == net::Errc::stopped && client_.worker().sessions.draining();
    if (drain) {
        retire();
    }
}

void Http2Session::retire() noexcept {
    if (draining_ || terminated_ || winding_up_) {
        return;
    }
    draining_ = true;
    // Requests that are under way to us are served yet (RFC 9113 §6.8).
    nghttp2_submit_shutdown_notice(native_.get());
    nghttp2_submit_ping(native_.get(), NGHTTP2_FLAG_NONE, nullptr);
    output_.wake();
    grace_.emplace(
        client_.worker().executor, std::initializer_list<net::Interruptible*>{&farewell_}, grace
    );
}

void Http2Session::announce_end() {
    if (!draining_ || terminated_ || announced_) {
        return;
    }
    announced_ = true;
    nghttp2_submit_goaway(
        native_.get(),
        NGHTTP2_FLAG_NONE,
        nghttp2_session_get_last_proc_stream_id(native_.get()),
        NGHTTP2_NO_ERROR,
        nullptr,
        0
    );
    output_.wake();
}

net::Task<void> Http2Session::wind_up() {
    winding_up_ = true;

    grace_.reset();
    client_.resume();  // a time limit, or the output, ended the reading; there are words to be said
    for (const auto& [id, stream] : streams_) {
        stream->stop();
    }
    co_await tasks_.join();
    streams_.clear();
    if (client_.stopped() || output_.error()) {
        co_await output_.idle();
        client_.transport().reset();
        co_return;
    }
    client_.watch().restart(farewell_limit);
    output_.wake();
    co_await output_.idle();
    co_await close();
}

/// Closing over unread input would reset the connection, and GOAWAY would be lost; but a client
/// that floods us gets no more than the moment.
net::Task<void> Http2Session::close() {
    if (client_.watch().expired() || output_.error()) {
        client_.transport().reset();
        co_return;
    }
    client_.transport().resume();  // nghttp2 had nothing more to say
    error_code ec = co_await client_.transport().shutdown_send();
    while (!ec) {
        client_.inlet().consume(client_.inlet().bytes().size());
        ec = co_await client_.inlet().more();
    }
    client_.transport().close();
}

Http2Stream* Http2Session::stream(std::int32_t id) noexcept {
    const auto found = streams_.find(id);
    return found == streams_.end() ? nullptr : found->second.get();
}

void Http2Session::reset(std::int32_t stream, std::uint32_t error_code) {
    nghttp2_submit_rst_stream(native_.get(), NGHTTP2_FLAG_NONE, stream, error_code);
    output_.wake();
}

void Http2Session::begin_request(Http2Stream& stream, bool ended) {
    ++requests_;
    ++counters_.streams;
    const auto converted = convert_request(stream.section(), ended);
    if (ended) {
        stream.received().end({});
    }
    if (converted.has_error()) {
        const std::optional<Status> status = converted.error().status;
        if (!status) {
            stream.access().end(Status{}, refusal_reason(Status::bad_request));
            reset(stream.id(), NGHTTP2_PROTOCOL_ERROR);
            return;
        }
        Request request;
        request.head = pseudo_field(stream.section(), ":method") == "HEAD";
        stream.accept(request);
        stream.set_served(true);
        tasks_.spawn(refuse(stream, *status), "http2 refusal");
        return;
    }
    const Request& request = converted->checked.request;
    stream.access().describe(converted->head, request.host);
    stream.accept(request);
    stream.set_served(true);
    if (settings_.limits.body && request.framing.length > *settings_.limits.body) {
        tasks_.spawn(refuse(stream, Status::content_too_large), "http2 refusal");
        return;
    }
    const Parsed<Destination> destination = dispatch_.find(converted->checked);
    if (!destination) {
        tasks_.spawn(refuse(stream, destination.error()), "http2 refusal");
        return;
    }
    std::string head;
    head.reserve(stream.section().bytes() + 512);
    append_request_head(head, converted->head, converted->checked, dispatch_.client, settings_);
    Request kept = request;
    stream.expect_section();
    tasks_.spawn(serve(stream, std::move(kept), *destination, std::move(head)), "http2 stream");
}

void Http2Session::end_with_trailers(Http2Stream& stream) {
    std::optional<std::string> trailers = convert_trailers(stream.section());
    if (trailers) {
        stream.received().end(std::move(*trailers));
    } else {
        reset(stream.id(), NGHTTP2_PROTOCOL_ERROR);
    }
}

net::Task<void> Http2Session::serve(
    Http2Stream& stream, Request request, Destination destination, std::string head
) {
    {
        Exchange exchange(stream, destination, settings_, std::move(request), std::move(head));
        static_cast<void>(co_await exchange.run());
        stream.access().end(exchange.facts());
    }
    part(stream);
}

net::Task<void> Http2Session::refuse(Http2Stream& stream, Status status) {
    stream.watch().restart(settings_.timeouts.stall);
    static_cast<void>(co_await stream.answer(status, false));
    stream.access().end(status, refusal_reason(status));
    part(stream);
}

void Http2Session::part(Http2Stream& stream) {
    stream.watch().pause();
    stream.set_served(false);
    if (stream.closed()) {
        streams_.erase(stream.id());
        update_phase();
        return;
    }
    stream.refuse_content();
    // An answer that came early ends the request (RFC 9113 §8.1); one that broke off must not look
    // whole.
    reset(stream.id(), stream.sink().ended() ? NGHTTP2_NO_ERROR : NGHTTP2_INTERNAL_ERROR);
}

}  // namespace hsmfront::http
