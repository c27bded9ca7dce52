// Decoding from an inlet, encoding with gathered writes.
#include "proxy/http/framed_content.hpp"

#include "proxy/http/field_output.hpp"
#include "proxy/net/errc.hpp"

#include <algorithm>

namespace hsmfront::http {

ContentSource::Slice FramedSource::next() {
    while (!ended_ && !decoder_.done() && !inlet_.empty()) {
        const BodyDecoder::Step step = decoder_.next(inlet_.bytes());
        if (step.state == BodyDecoder::State::malformed) {
            return {State::malformed, {}};
        }
        if (!step.data.empty()) {
            used_ = step.consumed;
            return {State::more, step.data};
        }
        inlet_.consume(step.consumed);
    }
    return {ended_ || decoder_.done() ? State::done : State::more, {}};
}

void FramedSource::consume() {
    inlet_.consume(used_);
    used_ = 0;
}

net::Task<error_code> FramedSource::receive() {
    const error_code ec = co_await inlet_.more();
    if (ec == net::Errc::eof && decoder_.ends_at_close()) {
        ended_ = true;
        co_return error_code();
    }
    co_return ec;
}

std::string_view FramedSource::trailers() const noexcept { return decoder_.trailers(); }

net::Task<error_code> FramedSink::write(std::string_view data) {
    if (!encoder_.plain() || out_.size() + data.size() <= record) {
        encoder_.append(out_, data);
        if (out_.size() < record) {
            co_return error_code();
        }
        co_return co_await flush();
    }
    // A large piece goes out from where it lies, after the record begun is full.
    if (!out_.empty()) {
        const std::size_t room = record - std::min(record, out_.size());
        out_ += data.substr(0, room);
        data.remove_prefix(std::min(room, data.size()));
        const error_code ec = co_await flush();
        if (ec) {
            co_return ec;
        }
    }
    co_return co_await send(data);
}

net::Task<error_code> FramedSink::flush() {
    if (out_.empty()) {
        co_return error_code();
    }
    const error_code ec = co_await send(out_);
    out_.clear();
    co_return ec;
}

net::Task<error_code> FramedSink::finish(std::string_view trailers) {
    std::string section;
    if (trailers_) {
        TextFields fields(section);
        write_trailers(fields, trailers);
    }
    encoder_.finish(out_, section);
    co_return co_await flush();
}

net::Task<error_code> FramedSink::send(std::string_view bytes) {
    // Counted before: once begun, the other side may have seen something of it.
    sent_ += bytes.size();
    co_return co_await net::write_all(transport_, bytes);
}

}  // namespace hsmfront::http
