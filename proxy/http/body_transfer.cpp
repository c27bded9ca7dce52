// The pump between a source and a sink.
#include "proxy/http/body_transfer.hpp"

namespace hsmfront::http {

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
        error_ = co_await route_.source.receive();
        if (error_) {
            co_return End::source_failed;
        }
        route_.watch.touch();
    }
}

net::Task<BodyTransfer::Pace> BodyTransfer::use_what_is_there() {
    ContentSource::Slice slice = route_.source.next();
    while (!slice.data.empty()) {
        if (slice.data.size() > limit_ - content_) {
            co_return Pace::too_large;
        }
        const error_code ec = co_await route_.sink.write(slice.data);
        if (ec) {
            co_return written(ec, Pace::starved);
        }
        content_ += slice.data.size();
        route_.watch.touch();
        route_.source.consume();
        slice = route_.source.next();
    }
    if (slice.state == ContentSource::State::malformed) {
        co_return Pace::malformed;
    }
    if (slice.state == ContentSource::State::done) {
        const error_code ec = co_await route_.sink.finish(route_.source.trailers());
        co_return written(ec, Pace::done);
    }
    const error_code ec = co_await route_.sink.flush();
    co_return written(ec, Pace::starved);
}

BodyTransfer::Pace BodyTransfer::written(error_code ec, Pace pace) {
    route_.watch.touch();
    error_ = ec;
    return ec ? Pace::sink_failed : pace;
}

}  // namespace hsmfront::http
