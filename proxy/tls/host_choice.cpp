#include "proxy/tls/host_choice.hpp"

#include "proxy/tls/client_hello.hpp"
#include "proxy/tls/stream.hpp"

#include <string>
#include <string_view>

namespace hsmfront::tls {
namespace {

int refuse(Stream& stream, int* alert, int description, HandshakeFailure why) {
    stream.note_refusal(std::move(why));
    *alert = description;
    return SSL_CLIENT_HELLO_ERROR;
}

int choose_host(SSL* ssl, int* alert, void*) {
    Stream& stream = Stream::of(ssl);
    if (stream.options().data_connection) {
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    // An address is forbidden as a name (RFC 6066 §3) and sent by some all the same: as good as
    // none.
    const std::string_view asked = offered_name(ssl);
    const std::string_view name = is_address_literal(asked) ? std::string_view() : asked;
    if (!stream.note_asked(name)) {
        return refuse(
            stream,
            alert,
            SSL_AD_ILLEGAL_PARAMETER,
            {HandshakeCause::malformed,
             "the client changed the name it asks for (SNI) in its second ClientHello"}
        );
    }
    const Context& listener = stream.listener();
    if (const NamedContext* host = listener.find_host(name)) {
        stream.choose(*host);
    } else if (!name.empty() && listener.strict() && !listener.certifies(std::string(name))) {
        return refuse(
            stream,
            alert,
            SSL_AD_UNRECOGNIZED_NAME,
            {HandshakeCause::unknown_server_name,
             "the client asks for " + in_quotes(name) +
                 " (SNI), which is no host of ours (tls.strict_sni)"}
        );
    } else if (!name.empty()) {
        stream.choose_listener();  // whatever FTP's HOST chose before
    }
    return SSL_CLIENT_HELLO_SUCCESS;
}

/// OpenSSL keeps the name with a TLS 1.2 session only if it is acknowledged; by that it is known to
/// belong to this name and no other.
int acknowledge(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

}  // namespace

void choose_hosts(SSL_CTX* ctx) {
    SSL_CTX_set_client_hello_cb(ctx, choose_host, nullptr);
    SSL_CTX_set_tlsext_servername_callback(ctx, acknowledge);
}

}  // namespace hsmfront::tls
