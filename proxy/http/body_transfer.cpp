// The byte pump between two framings.
#include "proxy/http/body_transfer.hpp"

#include "proxy/http/forwarding.hpp"
#include "proxy/net/errc.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::http {

BodyTransfer::BodyTransfer(Route route, Options options, std::string head)
    : route_(route),
      options_(options),
      decoder_(options.framing),
      encoder_(options.encoding),
      out_(std::move(head)) {}

net::Task<BodyTransfer::End> BodyTransfer::run() {
    while (true) {
        const Pace pace = co_await use_what_is_there();
        switch (pace) {
            case Pace::done:
                co_return End::complete;
            case Pace::malformed:
                co_return End::malformed;
            case Pace::too_large:
                co_return End::too_large;
            case Pace::sink_failed:
                co_return End::sink_failed;
            case Pace::starved:
                break;
        }
        const error_code ec = co_await route_.source.more();
        if (ec == net::Errc::eof && decoder_.ends_at_close()) {
            encoder_.finish(out_, {});
            const bool written = co_await flush();
            co_return written ? End::complete : End::sink_failed;
        }
        if (ec) {
            error_ = ec;
            co_return End::source_failed;
        }
        route_.watch.touch();
    }
}

net::Task<BodyTransfer::Pace> BodyTransfer::use_what_is_there() {
    while (!decoder_.done() && !route_.source.empty()) {
        const BodyDecoder::Step step = decoder_.next(route_.source.bytes());
        if (step.state == BodyDecoder::State::malformed) {
            co_return Pace::malformed;
        }
        content_ += step.data.size();
        if (content_ > options_.limit) {
            co_return Pace::too_large;
        }
        const bool put_on = co_await put(step.data);
        if (!put_on) {
            co_return Pace::sink_failed;
        }
        route_.source.consume(step.consumed);
    }
    if (decoder_.done()) {
        std::string trailers;
        if (options_.trailers) {
            append_trailers(trailers, decoder_.trailers());
        }
        encoder_.finish(out_, trailers);
    }
    const bool flushed = co_await flush();
    if (!flushed) {
        co_return Pace::sink_failed;
    }
    co_return decoder_.done() ? Pace::done : Pace::starved;
}

net::Task<bool> BodyTransfer::put(std::string_view data) {
    if (!encoder_.plain() || out_.size() + data.size() <= record) {
        encoder_.append(out_, data);
        if (out_.size() < record) {
            co_return true;
        }
        co_return co_await flush();
    }
    // A large piece goes out from where it lies, after the record begun is full.
    if (!out_.empty()) {
        const std::size_t room = record - std::min(record, out_.size());
        out_ += data.substr(0, room);
        data.remove_prefix(std::min(room, data.size()));
        const bool flushed = co_await flush();
        if (!flushed) {
            co_return false;
        }
    }
    co_return co_await write(data);
}

net::Task<bool> BodyTransfer::flush() {
    if (out_.empty()) {
        co_return true;
    }
    const bool written = co_await write(out_);
    out_.clear();
    co_return written;
}

net::Task<bool> BodyTransfer::write(std::string_view bytes) {
    // Counted before: once begun, the other side may have seen something of it.
    sent_ += bytes.size();
    error_ = co_await net::write_all(route_.sink, bytes);
    route_.watch.touch();
    co_return !error_;
}

}  // namespace hsmfront::http
