// Gathering and writing of frames.
#include "proxy/http/http2_output.hpp"

#include "proxy/net/errc.hpp"
#include "proxy/net/event.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace hsmfront::http {

void Http2Output::wake() {
    if (!running_ && !error_) {
        running_ = true;
        tasks_.spawn(run(), "http2 output");
    }
}

bool Http2Output::append(std::string_view head, std::string_view data) {
    if (lease_.space().size() - lease_.size() < head.size() + data.size()) {
        return false;
    }
    put(head);
    put(data);
    return true;
}

void Http2Output::put(std::string_view bytes) {
    const std::span<char> room = lease_.space().subspan(lease_.size());
    const std::size_t fits = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), fits);
    lease_.resize(lease_.size() + fits);
    overflow_ += bytes.substr(fits);
}

bool Http2Output::gather() {
    if (overflow_.empty() && nghttp2_session_want_write(session_) == 0) {
        return false;
    }
    if (lease_.space().empty()) {
        lease_ = client_.worker().buffers.borrow();
    }
    lease_.resize(0);
    const std::string left = std::exchange(overflow_, {});
    put(left);
    while (overflow_.empty()) {
        const std::uint8_t* bytes = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &bytes);
        if (size <= 0) {
            break;  // nothing more, or append() had no room; errors end in GOAWAY or out of memory
        }
        put({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
    }
    return lease_.size() != 0;
}

net::Task<void> Http2Output::run() {
    // Whoever calls wake() may be in one of nghttp2's callbacks; and more may be ready by then.
    co_await net::Yield();
    while (!error_ && gather()) {
        error_ = co_await write(lease_.data());
    }
    lease_ = net::Lease();
    running_ = false;
    if (error_) {
        client_.transport().interrupt(error_);
    } else if (nghttp2_session_want_read(session_) == 0) {
        client_.transport().interrupt(net::Errc::eof);
    }
}

net::Task<error_code> Http2Output::write(std::span<const char> bytes) {
    net::Transport& transport = client_.transport();
    std::optional<net::Watchdog> watch;
    while (!bytes.empty()) {
        const net::Attempt attempt = transport.try_write(bytes);
        if (attempt.state == net::Attempt::State::failed) {
            co_return attempt.error;
        }
        if (attempt.state == net::Attempt::State::done) {
            client_.count_sent(attempt.bytes);
            bytes = bytes.subspan(attempt.bytes);
            continue;
        }
        // Only who has to wait needs a timer; each piece that is taken starts it over.
        watch.emplace(
            client_.worker().executor,
            std::initializer_list<net::Interruptible*>{&transport},
            stall_
        );
        const bool read = attempt.state == net::Attempt::State::want_read;
        const error_code ec =
            co_await transport.wait(read ? net::Direction::read : net::Direction::write);
        watch.reset();
        if (ec) {
            co_return ec;
        }
    }
    co_return error_code();
}

}  // namespace hsmfront::http
