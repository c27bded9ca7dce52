#include "bench/clients/http2_connection.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace hsmfront::bench {
namespace {

constexpr std::size_t piece = 64UL * 1024;
/// Wide enough that no answer waits for it (RFC 9113 §6.9).
constexpr int window = 16 * 1024 * 1024;

std::array<char, piece> buffer;

nghttp2_nv field(std::string_view name, std::string_view value) {
    const auto bytes = [](std::string_view text) {
        return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
    };
    return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Http2Connection::Http2Connection(
    SSL_CTX* ctx, const Endpoint& to, int number, const Request& request, RequestObserver& observer
)
    : RequestConnection(ctx, to, number, observer), request_(request) {
    make_session();
}

void Http2Connection::make_session() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new(&session, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    session_.reset(session);
    const std::array<nghttp2_settings_entry, 2> settings{{
        {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
    }};
    nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window);
}

void Http2Connection::start(Clock::time_point since) {
    const std::array<nghttp2_nv, 6> fields{
        field(":method", request_.upload == 0 ? "GET" : "PUT"),
        field(":scheme", "https"),
        field(":authority", request_.authority),
        field(":path", request_.path),
        field("user-agent", "https_load"),
        field("accept", "*/*"),
    };
    nghttp2_data_provider content{};
    content.read_callback = read_content;
    const int32_t stream = nghttp2_submit_request(
        session_.get(),
        nullptr,
        fields.data(),
        fields.size(),
        request_.upload == 0 ? nullptr : &content,
        nullptr
    );
    if (stream < 0) {
        fail("a connection has no streams left");
        return;
    }
    streams_[stream] = {since, request_.upload};
}

void Http2Connection::advance() {
    while (send() | receive()) {
    }
}

/// True if bytes went out.
bool Http2Connection::send() {
    while (pending_.size() < piece) {
        const uint8_t* frames = nullptr;
        const ssize_t size = nghttp2_session_mem_send(session_.get(), &frames);
        if (size <= 0) {
            break;
        }
        pending_.append(reinterpret_cast<const char*>(frames), static_cast<std::size_t>(size));
    }
    if (pending_.empty()) {
        return false;
    }
    const int n = tls_.write(pending_);
    if (n < 0) {
        fail("while a request was sent: " + tls_.failure());
    }
    pending_.erase(0, static_cast<std::size_t>(std::max(n, 0)));
    return n > 0;
}

/// True if bytes came in.
bool Http2Connection::receive() {
    const int n = tls_.read(buffer);
    if (n < 0) {
        fail("while an answer was awaited: " + tls_.failure());
    }
    if (n <= 0) {
        return false;
    }
    const ssize_t taken = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const uint8_t*>(buffer.data()), static_cast<std::size_t>(n)
    );
    if (taken < 0) {
        fail(nghttp2_strerror(static_cast<int>(taken)));
    }
    return taken > 0;
}

int Http2Connection::on_header(
    nghttp2_session*,
    const nghttp2_frame*,
    const uint8_t* name,
    std::size_t name_size,
    const uint8_t* value,
    std::size_t value_size,
    uint8_t,
    void* self
) {
    const std::string_view name_text(reinterpret_cast<const char*>(name), name_size);
    const std::string_view value_text(reinterpret_cast<const char*>(value), value_size);
    if (name_text == ":status" && !value_text.starts_with('2')) {
        static_cast<Http2Connection*>(self)->fail("answered with " + std::string(value_text));
    }
    return 0;
}

int Http2Connection::on_data(
    nghttp2_session*, uint8_t, int32_t, const uint8_t*, std::size_t size, void* self
) {
    static_cast<Http2Connection*>(self)->observer_.moved(size);
    return 0;
}

int Http2Connection::on_close(nghttp2_session*, int32_t stream, uint32_t error, void* self) {
    auto& connection = *static_cast<Http2Connection*>(self);
    const auto node = connection.streams_.extract(stream);
    if (error != NGHTTP2_NO_ERROR) {
        connection.fail(std::string("a stream ended with ") + nghttp2_http2_strerror(error));
    } else if (node) {
        connection.observer_.answered(connection, node.mapped().since);
    }
    return 0;
}

ssize_t Http2Connection::read_content(
    nghttp2_session*,
    int32_t stream,
    uint8_t* into,
    std::size_t size,
    uint32_t* flags,
    nghttp2_data_source*,
    void* self
) {
    auto& connection = *static_cast<Http2Connection*>(self);
    std::uint64_t& left = connection.streams_[stream].upload_left;
    const std::size_t taken = std::min<std::uint64_t>(size, left);
    std::memset(into, 'u', taken);
    left -= taken;
    connection.observer_.moved(taken);
    *flags |= left == 0 ? NGHTTP2_DATA_FLAG_EOF : 0;
    return static_cast<ssize_t>(taken);
}

}  // namespace hsmfront::bench
