#include "proxy/net/relay.hpp"

#include "proxy/net/errc.hpp"

namespace hsmfront::net {

bool RelayResult::complete() const {
    return read_error == make_error_code(Errc::eof) && !write_error;
}

Task<RelayResult> relay(Transport& source, Transport& sink, BufferPool& pool, Watchdog& watchdog) {
    RelayResult result;
    for (;;) {
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
        result.bytes += piece->size();
        watchdog.touch();
    }
}

}  // namespace hsmfront::net
