#include "proxy/tls/session_callbacks.hpp"

#include "proxy/tls/client_certificates.hpp"
#include "proxy/tls/client_hello.hpp"
#include "proxy/tls/stream.hpp"

#include <cstring>
#include <ctime>
#include <string_view>

namespace hsmfront::tls {
namespace {

bool carries(SSL_SESSION* session, const SessionTag& tag) {
    void* data = nullptr;
    std::size_t size = 0;
    return SSL_SESSION_get0_ticket_appdata(session, &data, &size) == 1 &&
           size == tag.bytes.size() && std::memcmp(data, tag.bytes.data(), size) == 0;
}

/// While its control connection stands, a session does not grow old: a client that transfers once
/// in a day may resume it then too.
void renew(SSL_SESSION* session) {
    SSL_SESSION_set_time(session, static_cast<long>(std::time(nullptr)));
}

/// In TLS 1.2 the name belongs to the session, which must not be resumed under another one
/// (RFC 6066 §3). In TLS 1.3 each handshake has its own.
bool under_another_name(SSL* ssl, SSL_SESSION* session) {
    if (SSL_version(ssl) >= TLS1_3_VERSION || !Stream::of(ssl).listener().has_hosts()) {
        return false;
    }
    const char* name = SSL_SESSION_get0_hostname(session);
    return offered_name(ssl) != std::string_view(name == nullptr ? "" : name);
}

}  // namespace

void SessionCallbacks::install(SSL_CTX* ctx, bool ids) {
    SSL_CTX_set_session_ticket_cb(ctx, generate, decrypted, nullptr);
    if (!ids) {
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        return;
    }
    // SERVER makes OpenSSL put an id into the ServerHello and ask us for those that come back;
    // NO_INTERNAL keeps its own cache empty and unasked.
    SSL_CTX_set_session_cache_mode(
        ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR
    );
    SSL_CTX_sess_set_get_cb(ctx, find);
}

int SessionCallbacks::generate(SSL* ssl, void*) {
    const auto& tag = Stream::of(ssl).options().tag;
    if (!tag) {
        return 1;
    }
    return SSL_SESSION_set1_ticket_appdata(
        SSL_get_session(ssl), tag->bytes.data(), tag->bytes.size()
    );
}

SSL_TICKET_RETURN SessionCallbacks::
    decrypted(SSL* ssl, SSL_SESSION* session, const unsigned char*, std::size_t, SSL_TICKET_STATUS status, void*) {
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    const auto& options = Stream::of(ssl).options();
    if (!options.data_connection) {
        // Renewed, so that the client's next session carries this connection's tag.
        return under_another_name(ssl, session) || !client_still_good(ssl, session)
                   ? SSL_TICKET_RETURN_IGNORE_RENEW
                   : SSL_TICKET_RETURN_USE_RENEW;
    }
    if (!options.tag || !carries(session, *options.tag)) {
        return SSL_TICKET_RETURN_IGNORE;
    }
    renew(session);
    // A TLS 1.2 client of OpenSSL's that gets a new ticket gives the session up for which it had
    // the old one: the control connection's, to which others go back for the next transfer.
    const bool fresh = options.send_tickets && SSL_version(ssl) == TLS1_3_VERSION;
    return fresh ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE;
}

SSL_SESSION* SessionCallbacks::find(SSL* ssl, const unsigned char* id, int length, int* copy) {
    const auto& options = Stream::of(ssl).options();
    if (!options.data_connection || !options.control_session) {
        return nullptr;
    }
    unsigned int known = 0;
    const unsigned char* ours = SSL_SESSION_get_id(options.control_session.get(), &known);
    if (known == 0 || known != static_cast<unsigned int>(length) ||
        std::memcmp(ours, id, known) != 0) {
        return nullptr;
    }
    // A copy: a data connection that ends badly makes its session object useless for good.
    *copy = 0;
    SSL_SESSION* session = SSL_SESSION_dup(options.control_session.get());
    if (session != nullptr) {
        renew(session);
    }
    return session;
}

}  // namespace hsmfront::tls
