#include "proxy/net/transport.hpp"

#include "proxy/net/errc.hpp"

namespace hsmfront::net {
namespace {

Direction direction_of(Attempt::State state) {
    return state == Attempt::State::want_read ? Direction::read : Direction::write;
}

}  // namespace

Task<Result<std::size_t>> read_some(Transport& transport, std::span<char> buffer) {
    for (;;) {
        const Attempt attempt = transport.try_read(buffer);
        if (attempt.state == Attempt::State::done) {
            co_return attempt.bytes;
        }
        if (attempt.state == Attempt::State::failed) {
            co_return attempt.error;
        }
        const error_code ec = co_await transport.wait(direction_of(attempt.state));
        if (ec) {
            co_return ec;
        }
    }
}

Task<Result<Lease>> read_lease(Transport& transport, BufferPool& pool) {
    for (;;) {
        Lease lease = pool.borrow();
        Attempt attempt = transport.try_read(lease.space());
        if (attempt.state == Attempt::State::done) {
            lease.resize(attempt.bytes);
            co_return lease;
        }
        if (attempt.state == Attempt::State::failed) {
            co_return attempt.error;
        }
        lease = Lease{};  // nothing to hold while waiting
        const error_code ec = co_await transport.wait(direction_of(attempt.state));
        if (ec) {
            co_return ec;
        }
    }
}

Task<error_code> write_all(Transport& transport, std::span<const char> bytes) {
    while (!bytes.empty()) {
        const Attempt attempt = transport.try_write(bytes);
        if (attempt.state == Attempt::State::done) {
            bytes = bytes.subspan(attempt.bytes);
            continue;
        }
        if (attempt.state == Attempt::State::failed) {
            co_return attempt.error;
        }
        const error_code ec = co_await transport.wait(direction_of(attempt.state));
        if (ec) {
            co_return ec;
        }
    }
    co_return error_code{};
}

Task<error_code> write_all(Transport& transport, std::string_view text) {
    return write_all(transport, std::span<const char>{text.data(), text.size()});
}

}  // namespace hsmfront::net
