#include "proxy/tls/alpn.hpp"

#include "proxy/tls/context.hpp"
#include "proxy/tls/stream.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace hsmfront::tls {
namespace {

constexpr std::string_view http2 = "h2";

/// Whether HTTP/2 may be spoken with what was agreed on so far: of TLS 1.2 only ephemeral keys with
/// AEAD (RFC 9113 §9.2.2). The cipher is chosen before ALPN, also when a session resumes.
bool fits_http2(const SSL* ssl) {
    if (SSL_version(ssl) >= TLS1_3_VERSION) {
        return true;
    }
    const SSL_CIPHER* cipher = SSL_get_pending_cipher(ssl);
    if (cipher == nullptr || SSL_CIPHER_is_aead(cipher) != 1) {
        return false;
    }
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    return exchange == NID_kx_ecdhe || exchange == NID_kx_dhe;
}

/// Our list for this connection, in ALPN's wire format.
std::basic_string_view<unsigned char> protocols_for(SSL* ssl, const Context& context) {
    const auto& wire = context.alpn(Stream::of(ssl).options().data_connection);
    std::basic_string_view<unsigned char> ours(wire.data(), wire.size());
    const std::size_t first = ours.empty() ? 0 : ours.front();
    const bool prefers_http2 =
        first == http2.size() && std::equal(http2.begin(), http2.end(), ours.begin() + 1);
    if (prefers_http2 && !fits_http2(ssl)) {
        ours.remove_prefix(1 + first);
    }
    return ours;
}

/// The names of a list in ALPN's wire format, for the log; many are cut short.
std::string names_in(std::basic_string_view<unsigned char> wire) {
    constexpr std::size_t most = 8;
    std::string names;
    for (std::size_t i = 0; !wire.empty() && i < most; ++i) {
        const std::size_t size = std::min<std::size_t>(wire.front(), wire.size() - 1);
        const std::string_view name(reinterpret_cast<const char*>(wire.data()) + 1, size);
        names += (names.empty() ? "" : ", ") + in_quotes(name);
        wire.remove_prefix(1 + size);
    }
    return names + (wire.empty() ? "" : ", ...");
}

/// Chooses from the client's list; a client that names protocols but none of ours is refused
/// (RFC 7301 §3.2), one that names none is served.
int select_alpn(
    SSL* ssl,
    const unsigned char** out,
    unsigned char* out_length,
    const unsigned char* offered,
    unsigned int offered_length,
    void* argument
) {
    const auto& context = *static_cast<const Context*>(argument);
    const auto ours = protocols_for(ssl, context);
    if (ours.empty()) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const int rc = SSL_select_next_proto(
        const_cast<unsigned char**>(out),
        out_length,
        ours.data(),
        static_cast<unsigned int>(ours.size()),
        offered,
        offered_length
    );
    if (rc == OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_OK;
    }
    Stream::of(ssl).note_refusal(
        {HandshakeCause::no_shared_alpn,
         "the client offers ALPN " + names_in({offered, offered_length}) + ", the server takes " +
             names_in(ours)}
    );
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::vector<unsigned char> alpn_wire_format(const std::vector<std::string>& protocols) {
    std::vector<unsigned char> wire;
    for (const auto& protocol : protocols) {
        wire.push_back(static_cast<unsigned char>(protocol.size()));
        wire.insert(wire.end(), protocol.begin(), protocol.end());
    }
    return wire;
}

void choose_protocols(SSL_CTX* ctx, const Context& context) {
    SSL_CTX_set_alpn_select_cb(ctx, select_alpn, const_cast<Context*>(&context));
}

}  // namespace hsmfront::tls
