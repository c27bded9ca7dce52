#include "bench/clients/request_connection.hpp"

#include "bench/clients/http1_connection.hpp"
#include "bench/clients/http2_connection.hpp"

namespace hsmfront::bench {

void RequestConnection::proceed() {
    if (!open_ && !over_) {
        const auto outcome = tls_.handshake();
        if (outcome == TlsConnection::Outcome::failed) {
            fail("no connection: " + tls_.failure());
        }
        open_ = outcome == TlsConnection::Outcome::done;
        if (open_) {
            observer_.opened(*this);
        }
    }
    if (open_ && !over_) {
        advance();
    }
}

void RequestConnection::fail(const std::string& reason) {
    if (!over_) {
        over_ = true;
        observer_.failed(reason);
    }
}

std::unique_ptr<RequestConnection> make_connection(
    const std::string& version,
    SSL_CTX* ctx,
    const Endpoint& to,
    int number,
    const Request& request,
    RequestObserver& observer
) {
    if (version == "2") {
        return std::make_unique<Http2Connection>(ctx, to, number, request, observer);
    }
    return std::make_unique<Http1Connection>(ctx, to, number, request, observer);
}

}  // namespace hsmfront::bench
