#include "proxy/net/relay.hpp"

#include "proxy/net/errc.hpp"
#include "proxy/net/event.hpp"

namespace hsmfront::net {
namespace {

/// Between two fast peers no read ever waits; after this much the worker's other sessions get
/// their turn.
constexpr std::size_t turn = std::size_t{1024} * 1024;

}  // namespace

bool RelayResult::complete() const {
    return read_error == make_error_code(Errc::eof) && !write_error;
}

Task<RelayResult> relay(
    Transport& source, Transport& sink, BufferPool& pool, Watchdog& watchdog, std::uint64_t& moved
) {
    RelayResult result;
    std::size_t in_turn = 0;
    for (;;) {
        if (in_turn >= turn) {
            in_turn = 0;
            co_await Yield();
        }
        Result<Lease> piece = co_await read_lease(source, pool);
        if (!piece) {
            result.read_error = piece.error();
            co_return result;
        }
        watchdog.touch();
        result.write_error = co_await write_all(sink, piece->data());
        if (result.write_error) {
            co_return result;
        }
        moved += piece->size();
        in_turn += piece->size();
        watchdog.touch();
    }
}

}  // namespace hsmfront::net
