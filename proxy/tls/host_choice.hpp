// HostChoice: the ClientHello decides which certificates and policy a connection gets.
#pragma once

#include <openssl/ssl.h>

namespace hsmfront::tls {

/// Takes the host that the client asks for (SNI, RFC 6066 §3) before anything else is done with its
/// ClientHello: protocol version, session and client certificate are then the host's matter. A
/// data connection keeps the context of its control session whatever name it sends
/// (RFC 4217 §15.1.1): many clients send another, or none.
///
/// Refused, with an alert: under strict_sni a name that is not ours (unrecognized_name), and a
/// second ClientHello that asks for another name than the first (illegal_parameter, RFC 8446
/// §4.1.2), which would get one host's policy and another's content.
void choose_hosts(SSL_CTX* ctx);

}  // namespace hsmfront::tls
