// nghttp2's callbacks. What they return for errors of a client is nghttp2's own vocabulary:
// CALLBACK_FAILURE stops reading, TEMPORAL_CALLBACK_FAILURE ends the stream.
#include "proxy/http/http2_callbacks.hpp"

#include "proxy/http/http2_session.hpp"

#include <algorithm>
#include <memory>
#include <new>

namespace hsmfront::http {

namespace {

template <auto* Delete>
struct NativeDeleter {
    template <class T>
    void operator()(T* object) const noexcept {
        Delete(object);
    }
};
using Callbacks =
    std::unique_ptr<nghttp2_session_callbacks, NativeDeleter<&nghttp2_session_callbacks_del>>;
using Options = std::unique_ptr<nghttp2_option, NativeDeleter<&nghttp2_option_del>>;

/// Fields of a section beyond its limit, which are decoded for the sake of HPACK's state.
constexpr std::size_t tolerated_excess = 4;
/// Acknowledgements that wait to be taken by the client.
constexpr std::size_t max_acknowledgements = 256;
/// What nghttp2 would otherwise limit by itself: our own guard comes first and says so.
constexpr std::size_t never = 1'000'000;

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

Http2Session& session_of(void* data) { return *static_cast<Http2Session*>(data); }

}  // namespace

struct Http2Callbacks {
    static int begin_headers(nghttp2_session* native, const nghttp2_frame* frame, void* data) {
        Http2Session& session = session_of(data);
        if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
            if (Http2Stream* stream = session.stream(frame->hd.stream_id)) {
                stream->expect_section();
            }
            return 0;
        }
        // Coroutines end a moment after their streams: a client that resets streams as fast as it
        // opens them must not have more than that.
        if (session.streams_.size() >= 2 * session.settings_.limits.http2.streams) {
            nghttp2_submit_rst_stream(
                native, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM
            );
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        const Http2Link link{
            native,
            session.output_,
            session.client_.worker(),
            session.settings_,
            session.dispatch_.access,
            session.dispatch_.traffic};
        session.streams_.emplace(
            frame->hd.stream_id, std::make_unique<Http2Stream>(link, frame->hd.stream_id)
        );
        return 0;
    }

    static int header(
        nghttp2_session*,
        const nghttp2_frame* frame,
        const std::uint8_t* name,
        std::size_t name_size,
        const std::uint8_t* value,
        std::size_t value_size,
        std::uint8_t,
        void* data
    ) {
        Http2Session& session = session_of(data);
        Http2Stream* stream = session.stream(frame->hd.stream_id);
        if (stream == nullptr) {
            return 0;
        }
        Http2Section& section = stream->section();
        section.add(text(name, name_size), text(value, value_size));
        const bool bomb = section.bytes() / tolerated_excess > session.settings_.limits.header;
        return bomb && session.enforce(Http2Limit::header_list) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
    }

    /// Fields that nghttp2 would leave out silently (RFC 9113 §8.2.1).
    static int
    invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // PROTOCOL_ERROR
    }

    static int frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
        Http2Session& session = session_of(data);
        const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
        if (frame->hd.type == NGHTTP2_PING) {
            if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
                session.announce_end();
            }
            return 0;
        }
        if (frame->hd.type == NGHTTP2_RST_STREAM) {
            ++session.counters_.resets;
        }
        Http2Stream* stream = session.stream(frame->hd.stream_id);
        if (stream == nullptr) {
            return 0;
        }
        if (frame->hd.type == NGHTTP2_HEADERS) {
            if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
                session.begin_request(*stream, ended);
            } else {
                session.end_with_trailers(*stream);
            }
        } else if (frame->hd.type == NGHTTP2_DATA) {
            return end_of_data(session, *stream, *frame, ended);
        }
        return 0;
    }

    static int end_of_data(
        Http2Session& session, Http2Stream& stream, const nghttp2_frame& frame, bool ended
    ) {
        if (ended) {
            stream.received().end({});
        } else if (frame.hd.length != 0 && frame.hd.length <= frame.data.padlen &&
                   session.enforce(session.guard_.received_padding(net::Clock::now()))) {
            return NGHTTP2_ERR_CALLBACK_FAILURE;
        }
        return 0;
    }

    static int content(
        nghttp2_session* native,
        std::uint8_t,
        std::int32_t id,
        const std::uint8_t* bytes,
        std::size_t size,
        void* data
    ) {
        Http2Stream* stream = session_of(data).stream(id);
        if (stream == nullptr) {
            nghttp2_session_consume_connection(native, size);
        } else {
            stream->received().put(text(bytes, size));
        }
        return 0;
    }

    static int stream_closed(nghttp2_session*, std::int32_t id, std::uint32_t, void* data) {
        Http2Session& session = session_of(data);
        if (Http2Stream* stream = session.stream(id)) {
            stream->close();
            if (!stream->served()) {
                session.streams_.erase(id);
                session.update_phase();
            }
        }
        return 0;
    }

    static int frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* data) {
        Http2Session& session = session_of(data);
        const bool carries_end =
            frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
        Http2Stream* stream = session.stream(frame->hd.stream_id);
        if (carries_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && stream != nullptr) {
            stream->sink().note_end();
        }
        if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR &&
            session.reason_.empty()) {
            session.reason_ = nghttp2_http2_strerror(frame->goaway.error_code);
        }
        if (frame->hd.type == NGHTTP2_RST_STREAM) {
            session.enforce(
                session.guard_.sent_reset(frame->rst_stream.error_code, net::Clock::now())
            );
            if (frame->rst_stream.error_code == NGHTTP2_PROTOCOL_ERROR) {
                ++session.counters_.malformed;
            }
        }
        return 0;
    }

    static int
    send_content(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head, std::size_t size, nghttp2_data_source* source, void*) {
        constexpr std::size_t head_size = 9;
        return static_cast<Http2Sink*>(source->ptr)->transfer(text(head, head_size), size);
    }

    static ssize_t
    content_limit(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t connection_window, std::int32_t stream_window, std::uint32_t max_frame, void*) {
        const auto window = static_cast<std::size_t>(std::min(connection_window, stream_window));
        return static_cast<ssize_t>(std::min({window, std::size_t{max_frame}, Http2Output::max_data}
        ));
    }

    static Callbacks make() {
        nghttp2_session_callbacks* all = nullptr;
        if (nghttp2_session_callbacks_new(&all) != 0) {
            throw std::bad_alloc();
        }
        nghttp2_session_callbacks_set_on_begin_headers_callback(all, begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(all, header);
        nghttp2_session_callbacks_set_on_invalid_header_callback(all, invalid_header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(all, frame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, content);
        nghttp2_session_callbacks_set_on_stream_close_callback(all, stream_closed);
        nghttp2_session_callbacks_set_on_frame_send_callback(all, frame_sent);
        nghttp2_session_callbacks_set_send_data_callback(all, send_content);
        nghttp2_session_callbacks_set_data_source_read_length_callback(all, content_limit);
        return Callbacks(all);
    }
};

nghttp2_session* make_native(
    Http2Session& session, Http2Memory& memory, const config::Http2Limits& limits
) {
    static const Callbacks callbacks = Http2Callbacks::make();
    nghttp2_option* all = nullptr;
    if (nghttp2_option_new(&all) != 0) {
        throw std::bad_alloc();
    }
    const Options options(all);
    nghttp2_option_set_no_auto_window_update(all, 1);
    nghttp2_option_set_no_closed_streams(all, 1);
    nghttp2_option_set_max_outbound_ack(all, max_acknowledgements);
    nghttp2_option_set_stream_reset_rate_limit(all, never, never);
    nghttp2_option_set_max_continuations(all, std::max(limits.continuations, never));
    nghttp2_session* native = nullptr;
    nghttp2_mem functions = memory.functions();
    if (nghttp2_session_server_new3(&native, callbacks.get(), &session, all, &functions) != 0) {
        throw std::bad_alloc();
    }
    return native;
}

}  // namespace hsmfront::http
