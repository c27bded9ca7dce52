// ALPN: the application protocol of a connection (RFC 7301).
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

namespace hsmfront::tls {

class Context;

/// The list in the wire format of the extension (RFC 7301 §3.1).
[[nodiscard]] std::vector<unsigned char> alpn_wire_format(const std::vector<std::string>& protocols
);

/// Makes `ctx` choose from `context.alpn()`. A client that names protocols but none of ours is
/// refused (no_application_protocol, §3.2; ALPACA), one that names none is served. HTTP/2 is not
/// chosen with what RFC 9113 §9.2.2 forbids it. `context` outlives `ctx`'s connections.
void choose_protocols(SSL_CTX* ctx, const Context& context);

}  // namespace hsmfront::tls
