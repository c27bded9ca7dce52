// Responses as HTTP/2 has them, and what ends a stream.
#include "proxy/http/http2_stream.hpp"

#include "proxy/http/errors.hpp"
#include "proxy/net/errc.hpp"

namespace hsmfront::http {

Http2Stream::Http2Stream(const Http2Link& link, std::int32_t id)
    : link_(link),
      id_(id),
      section_(link.settings.limits.header, link.settings.limits.headers),
      sides_(*this),
      watch_(link.worker.executor, {&sides_}, link.settings.timeouts.stall),
      content_(link.session, link.output, id),
      sink_(link.session, link.output, id, watch_),
      access_(link.access, link.traffic) {
    watch_.pause();
}

void Http2Stream::Sides::interrupt(error_code reason) noexcept {
    stream.content_.interrupt(reason);
    stream.sink_.interrupt(reason);
    if (backend != nullptr) {
        backend->interrupt(reason);
    }
}

void Http2Stream::expect_section() {
    section_ = Http2Section(link_.settings.limits.header, link_.settings.limits.headers);
}

void Http2Stream::close() noexcept {
    closed_ = true;
    stop();
}

void Http2Stream::stop() noexcept {
    if (!sink_.ended() && !stopped_) {
        stopped_ = true;
        sides_.interrupt(net::Errc::stopped);
    }
}

void Http2Stream::resume() noexcept {
    if (!stopped_) {
        content_.resume();
        sink_.resume();
    }
}

net::Task<error_code> Http2Stream::interim(const ResponseHead& head) {
    if (stopped_) {
        co_return net::Errc::stopped;
    }
    Http2Fields fields;
    fields.add_status(head.status);
    write_interim_fields(fields, head);
    const std::vector<nghttp2_nv> lines = fields.lines();
    nghttp2_submit_headers(
        link_.session, NGHTTP2_FLAG_NONE, id_, nullptr, lines.data(), lines.size(), nullptr
    );
    link_.output.wake();
    watch_.touch();
    co_return error_code();
}

ContentSink& Http2Stream::respond(const ResponseHead& head, Framing framing, bool) {
    Http2Fields fields;
    fields.add_status(head.status);
    write_response_fields(fields, head, request_, link_.settings);
    const std::string length = told_length(head, framing, request_);
    if (!length.empty()) {
        fields.add("content-length", length);
    }
    const bool known = framing.kind == Framing::Kind::none || framing.kind == Framing::Kind::length;
    sink_.begin(std::move(fields), known ? std::optional(framing.length) : std::nullopt);
    return sink_;
}

net::Task<error_code> Http2Stream::answer(Status status, bool) {
    const std::string page = error_page(status);
    Http2Fields fields;
    fields.add_status(static_cast<unsigned>(status));
    fields.add("date", http_date(std::time(nullptr)));
    fields.add("content-type", "text/plain; charset=utf-8");
    fields.add("content-length", std::to_string(page.size()));
    fields.add("cache-control", "no-store");
    sink_.begin(std::move(fields), request_.head ? 0 : page.size());
    if (!request_.head) {
        const error_code ec = co_await sink_.write(page);
        if (ec) {
            co_return ec;
        }
    }
    co_return co_await sink_.finish({});
}

net::Task<bool> Http2Stream::tunnel(const ResponseHead&, std::size_t, BackendConnection&) {
    co_return false;  // HTTP/2 knows no Upgrade (RFC 9113 §8.6)
}

}  // namespace hsmfront::http
