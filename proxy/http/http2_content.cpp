// Content of a request and its flow control.
#include "proxy/http/http2_content.hpp"

#include "proxy/net/errc.hpp"

#include <utility>

namespace hsmfront::http {

Http2Content::~Http2Content() {
    // The connection's window is for all streams: what this one leaves is given back.
    acknowledge(arriving_.size() + in_hand_.size());
}

void Http2Content::acknowledge(std::size_t size) {
    if (size != 0) {
        nghttp2_session_consume(session_, stream_, size);
        output_.wake();
    }
}

void Http2Content::put(std::string_view data) {
    if (refused_) {
        nghttp2_session_consume_connection(session_, data.size());
        return;
    }
    arriving_ += data;
    arrived_.notify();
}

void Http2Content::end(std::string trailers) {
    trailers_ = std::move(trailers);
    ended_ = true;
    arrived_.notify();
}

void Http2Content::interrupt(error_code reason) noexcept {
    interrupted_ = reason;
    arrived_.notify();
}

void Http2Content::refuse() noexcept {
    refused_ = true;
    arrived_.notify();
}

ContentSource::Slice Http2Content::next() {
    if (in_hand_.empty()) {
        std::swap(in_hand_, arriving_);
    }
    if (!in_hand_.empty()) {
        return {State::more, in_hand_};
    }
    return {ended_ ? State::done : State::more, {}};
}

void Http2Content::consume() {
    const std::size_t size = in_hand_.size();
    in_hand_.clear();
    acknowledge(size);
}

net::Task<error_code> Http2Content::receive() {
    while (arriving_.empty() && !ended_) {
        if (refused_) {
            co_return net::Errc::refused;
        }
        if (interrupted_) {
            co_return interrupted_;
        }
        co_await arrived_.wait();
    }
    co_return interrupted_;
}

}  // namespace hsmfront::http
