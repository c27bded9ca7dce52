// ClientHello: what is read from a client's first message before OpenSSL acts on it.
#pragma once

#include <openssl/ssl.h>

#include <span>
#include <string_view>

namespace hsmfront::tls {

/// The host name in the data of a server_name extension (ServerNameList, RFC 6066 §3), as sent.
/// Empty if it is malformed, too long or holds zero bytes; OpenSSL refuses that when it comes to
/// it.
[[nodiscard]] std::string_view host_name_in(std::span<const unsigned char> server_name);

/// "192.0.2.1", "2001:db8::1": what is no name (RFC 6066 §3).
[[nodiscard]] bool is_address_literal(std::string_view name);

/// That of the ClientHello in hand; empty without one. Only in SSL_CTX_set_client_hello_cb(3)'s
/// callback or those of sessions, before OpenSSL itself has parsed extensions.
[[nodiscard]] std::string_view offered_name(SSL* ssl);

}  // namespace hsmfront::tls
