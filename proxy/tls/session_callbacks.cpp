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

int resumption_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

/// Sets the contexts up to write a ticket.
int begin_ticket(
    Stream& stream, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac
) {
    const auto& resumption = *stream.context()->resumption();
    const auto ring = resumption.tickets.ring();
    if (const auto& kept = stream.options().kept_rings) {
        kept->made_with(ring);
    }
    const auto& key = ring->encrypting();
    return resumption.cipher.begin_encryption(key, name, iv, cipher, mac) ? 1 : -1;
}

/// Sets the contexts up to read one. 0: it is not ours (any more), 2: its key is not the newest
/// (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
int open_ticket(
    const Stream& stream,
    TicketKey::Name name,
    const unsigned char* iv,
    EVP_CIPHER_CTX* cipher,
    EVP_MAC_CTX* mac
) {
    const auto& resumption = *stream.context()->resumption();
    const auto ring = resumption.tickets.ring();
    const TicketKey* key = ring->find(name);
    const auto& options = stream.options();
    if (key == nullptr && options.data_connection && options.kept_rings) {
        key = options.kept_rings->find(name);
    }
    if (key == nullptr || !resumption.cipher.begin_decryption(*key, iv, cipher, mac)) {
        return 0;
    }
    return key == &ring->encrypting() ? 1 : 2;
}

/// The control connection's session if that is what `id` names. A copy: a data connection that ends
/// badly makes its session object useless for good.
SSL_SESSION* control_session(const StreamOptions& options, std::string_view id) {
    SSL_SESSION* const control = options.control_session.get();
    if (control == nullptr || id.empty() || session_id(control) != id) {
        return nullptr;
    }
    SSL_SESSION* const session = SSL_SESSION_dup(control);
    if (session != nullptr) {
        renew(session);
    }
    return session;
}

}  // namespace

void SessionCallbacks::install(SSL_CTX* ctx, Resumption& resumption, bool ids) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_key);
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
    SSL_CTX_set_ex_data(ctx, resumption_index(), &resumption);
    SSL_CTX_sess_set_new_cb(ctx, store);
    SSL_CTX_sess_set_get_cb(ctx, find);
    SSL_CTX_sess_set_remove_cb(ctx, remove);
}

int SessionCallbacks::ticket_key(
    SSL* ssl,
    unsigned char* name,
    unsigned char* iv,
    EVP_CIPHER_CTX* cipher,
    EVP_MAC_CTX* mac,
    int encrypt
) {
    Stream& stream = Stream::of(ssl);
    return encrypt != 0
               ? begin_ticket(stream, name, iv, cipher, mac)
               : open_ticket(stream, TicketKey::Name(name, TicketKey::name_size), iv, cipher, mac);
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
        if (under_another_name(ssl, session) || !client_still_good(ssl, session)) {
            return SSL_TICKET_RETURN_IGNORE_RENEW;
        }
        // Also so that the client's next session carries this connection's tag.
        return options.tag || status == SSL_TICKET_SUCCESS_RENEW ? SSL_TICKET_RETURN_USE_RENEW
                                                                 : SSL_TICKET_RETURN_USE;
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

int SessionCallbacks::store(SSL* ssl, SSL_SESSION* session) {
    const Stream& stream = Stream::of(ssl);
    // In TLS 1.3 resumption is by tickets only.
    if (!stream.options().data_connection && SSL_version(ssl) < TLS1_3_VERSION) {
        stream.context()->resumption()->cache.add(session);
    }
    return 0;
}

SSL_SESSION* SessionCallbacks::find(SSL* ssl, const unsigned char* bytes, int length, int* copy) {
    const Stream& stream = Stream::of(ssl);
    const std::string_view id(
        reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)
    );
    *copy = 0;
    if (stream.options().data_connection) {
        return control_session(stream.options(), id);
    }
    auto session = stream.context()->resumption()->cache.find(id, std::time(nullptr));
    const bool good =
        session && !under_another_name(ssl, session.get()) && client_still_good(ssl, session.get());
    return good ? session.release() : nullptr;
}

/// After a fatal alert (RFC 5246 §7.2.2).
void SessionCallbacks::remove(SSL_CTX* ctx, SSL_SESSION* session) {
    auto& resumption = *static_cast<Resumption*>(SSL_CTX_get_ex_data(ctx, resumption_index()));
    resumption.cache.remove(session_id(session));
}

}  // namespace hsmfront::tls
