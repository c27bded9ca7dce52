#include "proxy/tls/ticket_callbacks.hpp"

#include "proxy/tls/stream.hpp"

#include <cstring>

namespace hsmfront::tls {
namespace {

int stream_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

bool carries(SSL_SESSION* session, const SessionTag& tag) {
    void* data = nullptr;
    std::size_t size = 0;
    return SSL_SESSION_get0_ticket_appdata(session, &data, &size) == 1 &&
           size == tag.bytes.size() && std::memcmp(data, tag.bytes.data(), size) == 0;
}

}  // namespace

void TicketCallbacks::install(SSL_CTX* ctx) {
    SSL_CTX_set_session_ticket_cb(ctx, generate, decrypted, nullptr);
}

void TicketCallbacks::attach(SSL* ssl, Stream* stream) {
    SSL_set_ex_data(ssl, stream_index(), stream);
}

int TicketCallbacks::generate(SSL* ssl, void*) {
    const auto& tag = static_cast<Stream*>(SSL_get_ex_data(ssl, stream_index()))->options_.tag;
    if (!tag) {
        return 1;
    }
    return SSL_SESSION_set1_ticket_appdata(
        SSL_get_session(ssl), tag->bytes.data(), tag->bytes.size()
    );
}

SSL_TICKET_RETURN TicketCallbacks::
    decrypted(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t, SSL_TICKET_STATUS status, void*) {
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    const auto& options = static_cast<Stream*>(SSL_get_ex_data(ssl, stream_index()))->options_;
    if (!options.data_connection) {
        // Renewed, so that the client's next session carries this connection's tag.
        return SSL_TICKET_RETURN_USE_RENEW;
    }
    if (!options.tag || !carries(session, *options.tag)) {
        return SSL_TICKET_RETURN_IGNORE;
    }
    // A TLS 1.2 client of OpenSSL's that gets a new ticket gives the session up for which it had
    // the old one: the control connection's, to which others go back for the next transfer.
    const bool renew = options.send_tickets && SSL_version(ssl) == TLS1_3_VERSION;
    return renew ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

}  // namespace hsmfront::tls
