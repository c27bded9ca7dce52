// Response frames of one stream.
#include "proxy/http/http2_sink.hpp"

#include "proxy/net/errc.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::http {

namespace {

ssize_t
read_content(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t limit, std::uint32_t* flags, nghttp2_data_source* source, void*) {
    return static_cast<Http2Sink*>(source->ptr)->supply(limit, *flags);
}

}  // namespace

void Http2Sink::begin(Http2Fields head, std::optional<std::uint64_t> length) {
    head_ = std::move(head);
    length_ = length;
    given_ = 0;
    gathered_.clear();
    last_ = length == 0U;
}

void Http2Sink::interrupt(error_code reason) noexcept {
    interrupted_ = reason;
    taken_.notify();
}

void Http2Sink::note_end() noexcept {
    ended_ = true;
    taken_.notify();
}

net::Task<error_code> Http2Sink::write(std::string_view data) {
    given_ += data.size();
    if (length_ && given_ > *length_) {
        co_return net::Errc::protocol;
    }
    if (gathered_.size() + data.size() > enough) {
        const error_code ec = co_await send_gathered();
        if (ec) {
            co_return ec;
        }
    }
    last_ = given_ == length_;
    if (data.size() >= enough) {
        co_return co_await send(data);
    }
    gathered_ += data;
    if (!last_) {
        co_return error_code();
    }
    co_return co_await send_gathered();
}

net::Task<error_code> Http2Sink::flush() { return send_gathered(); }

net::Task<error_code> Http2Sink::finish(std::string_view trailers) {
    if (length_ && given_ != *length_) {
        co_return net::Errc::protocol;
    }
    write_trailers(trailers_, trailers);
    last_ = true;
    co_return co_await send_gathered();
}

net::Task<error_code> Http2Sink::send_gathered() {
    const error_code ec = co_await send(gathered_);
    gathered_.clear();
    co_return ec;
}

net::Task<error_code> Http2Sink::send(std::string_view data) {
    if (interrupted_) {
        co_return interrupted_;
    }
    const bool nothing = submitted_ && data.empty() && !last_;
    if (ended_ || nothing) {
        co_return error_code();
    }
    pending_ = data;
    sent_ += data.size();
    submit();
    output_.wake();
    while (!interrupted_ && (!pending_.empty() || (last_ && !ended_))) {
        co_await taken_.wait();
    }
    const bool taken = pending_.empty() && (!last_ || ended_);
    pending_ = {};
    co_return taken ? error_code() : interrupted_;
}

/// Tells nghttp2 that there is something to send.
void Http2Sink::submit() {
    if (submitted_) {
        nghttp2_session_resume_data(session_, stream_);
        return;
    }
    submitted_ = true;
    sent_ += head_.size();
    nghttp2_data_provider content{};
    content.source.ptr = this;
    content.read_callback = read_content;
    const bool empty = last_ && pending_.empty() && trailers_.empty();
    const std::vector<nghttp2_nv> lines = head_.lines();
    nghttp2_submit_response(
        session_, stream_, lines.data(), lines.size(), empty ? nullptr : &content
    );
    head_ = {};
}

ssize_t Http2Sink::supply(std::size_t limit, std::uint32_t& flags) {
    const std::size_t size = std::min(limit, pending_.size());
    if (size == 0 && !last_) {
        return NGHTTP2_ERR_DEFERRED;
    }
    flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (last_ && size == pending_.size()) {
        flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!trailers_.empty()) {
            flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            const std::vector<nghttp2_nv> lines = trailers_.lines();
            nghttp2_submit_trailer(session_, stream_, lines.data(), lines.size());
        }
    }
    return static_cast<ssize_t>(size);
}

int Http2Sink::transfer(std::string_view head, std::size_t size) {
    if (size > pending_.size()) {
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // interrupted since it was supplied
    }
    if (!output_.append(head, pending_.substr(0, size))) {
        return NGHTTP2_ERR_WOULDBLOCK;
    }
    pending_.remove_prefix(size);
    watch_.touch();
    if (pending_.empty()) {
        taken_.notify();
    }
    return 0;
}

}  // namespace hsmfront::http
