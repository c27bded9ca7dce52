#include "proxy/tls/socket_bio.hpp"

#include "proxy/net/errc.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

namespace hsmfront::tls {
namespace {

using net::Attempt;
using net::Direction;

/// A flight with a long chain of certificates is shorter, and Stream gathers less.
constexpr std::size_t most_held = 80 * 1024;

SocketBio& of(BIO* bio) { return *static_cast<SocketBio*>(BIO_get_data(bio)); }

}  // namespace

const BIO_METHOD* SocketBio::method() {
    static BIO_METHOD* const made = [] {
        BIO_METHOD* const fresh = BIO_meth_new(
            BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket"
        );
        if (fresh == nullptr || BIO_meth_set_read(fresh, read) != 1 ||
            BIO_meth_set_write(fresh, write) != 1 || BIO_meth_set_ctrl(fresh, control) != 1) {
            throw std::bad_alloc();
        }
        return fresh;
    }();
    return made;
}

BIO* SocketBio::make() {
    BIO* const bio = BIO_new(method());
    if (bio != nullptr) {
        BIO_set_data(bio, this);
        BIO_set_init(bio, 1);
    }
    return bio;
}

Attempt SocketBio::flush() noexcept {
    while (!held_.empty()) {
        const Attempt attempt = io_.send(held_);
        if (attempt.state != Attempt::State::done) {
            return attempt;
        }
        held_.erase(0, attempt.bytes);
    }
    return {};
}

int SocketBio::read(BIO* bio, char* data, int size) noexcept {
    return of(bio).receive(bio, {data, static_cast<std::size_t>(size)});
}

int SocketBio::write(BIO* bio, const char* data, int size) noexcept {
    return of(bio).send(bio, {data, static_cast<std::size_t>(size)});
}

int SocketBio::receive(BIO* bio, std::span<char> space) noexcept {
    BIO_clear_retry_flags(bio);
    const Attempt attempt = io_.receive(space);
    switch (attempt.state) {
        case Attempt::State::done:
            return static_cast<int>(attempt.bytes);
        case Attempt::State::failed:
            if (attempt.error == net::Errc::eof) {
                BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
                return 0;
            }
            errno = attempt.error.value();
            return -1;
        default:
            break;
    }
    // Whatever the client waits for, before we wait for it. An error shows itself with the next
    // read.
    if (flush().state == Attempt::State::want_write) {
        BIO_set_retry_write(bio);
    } else {
        held_ = std::string();  // an idle connection holds no memory for it
        BIO_set_retry_read(bio);
    }
    return -1;
}

int SocketBio::send(BIO* bio, std::span<const char> bytes) noexcept {
    BIO_clear_retry_flags(bio);
    if (gathers_ && hold(bytes)) {
        return static_cast<int>(bytes.size());
    }
    const Attempt attempt = io_.send(held_, bytes);
    if (attempt.state == Attempt::State::failed) {
        errno = attempt.error.value();
        return -1;
    }
    const std::size_t held = std::min(attempt.bytes, held_.size());
    held_.erase(0, held);
    if (attempt.bytes == held) {
        BIO_set_retry_write(bio);
        return -1;
    }
    return static_cast<int>(attempt.bytes - held);
}

bool SocketBio::hold(std::span<const char> bytes) noexcept {
    if (held_.size() + bytes.size() > most_held) {
        return false;
    }
    try {
        held_.append(bytes.data(), bytes.size());
    } catch (const std::bad_alloc&) {
        return false;
    }
    return true;
}

long SocketBio::control(BIO* bio, int command, long, void*) noexcept {
    switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_EOF:
            return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
        default:
            return 0;
    }
}

}  // namespace hsmfront::tls
