// Reading with a buffer that is borrowed only while bytes are there.
#include "proxy/http/inlet.hpp"

#include "proxy/net/errc.hpp"
#include "proxy/net/event.hpp"

#include <cstring>
#include <utility>

namespace hsmfront::http {

std::string_view Inlet::bytes() const noexcept {
    if (!parked_.empty()) {
        return parked_;
    }
    return {lease_.data().data() + begin_, lease_.size() - begin_};
}

void Inlet::consume(std::size_t count) noexcept {
    if (!parked_.empty()) {
        parked_.erase(0, count);
        return;
    }
    begin_ += count;
    if (begin_ == lease_.size()) {
        begin_ = 0;
        lease_ = net::Lease();
    }
}

void Inlet::make_room() {
    if (lease_.space().empty()) {
        lease_ = worker_.buffers.borrow();
        lease_.resize(parked_.size());
        std::memcpy(lease_.space().data(), parked_.data(), parked_.size());
        parked_ = std::string();
        begin_ = 0;
    } else if (begin_ > 0) {
        const std::size_t left = lease_.size() - begin_;
        std::memmove(lease_.space().data(), lease_.space().data() + begin_, left);
        lease_.resize(left);
        begin_ = 0;
    }
}

void Inlet::park() {
    parked_ = bytes();
    lease_ = net::Lease();
    begin_ = 0;
    without_wait_ = 0;
}

void Inlet::note(std::size_t count) noexcept {
    lease_.resize(lease_.size() + count);
    received_ += count;
    without_wait_ += count;
}

net::Task<error_code> Inlet::more() {
    if (without_wait_ >= turn) {
        without_wait_ = 0;
        co_await net::Yield();
    }
    while (true) {
        make_room();
        const std::span<char> space = lease_.space().subspan(lease_.size());
        if (space.empty()) {
            co_return net::Errc::too_long;
        }
        const net::Attempt attempt = transport_.try_read(space);
        if (attempt.state == net::Attempt::State::done) {
            note(attempt.bytes);
            co_return error_code();
        }
        park();
        if (attempt.state == net::Attempt::State::failed) {
            co_return attempt.error;
        }
        const bool readable = attempt.state == net::Attempt::State::want_read;
        const error_code ec =
            co_await transport_.wait(readable ? net::Direction::read : net::Direction::write);
        if (ec) {
            co_return ec;
        }
    }
}

}  // namespace hsmfront::http
