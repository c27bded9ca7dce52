// Client certificates: asked for in the first handshake (RFC 8446 §4.6.2: never later), verified
// against the configured CAs and CRLs, and let in if they are allowed.
#pragma once

#include "certs/chain.hpp"
#include "proxy/tls/client_trust.hpp"

#include <openssl/ssl.h>

#include <string>

namespace hsmfront::tls {

/// Who the client has proven to be.
struct ClientIdentity {
    std::string subject;      ///< RFC 2253
    std::string common_name;  ///< the subject's last CN in UTF-8, or empty
    std::string fingerprint;  ///< SHA-256 of the certificate, 64 lower-case hexadecimal digits
};

/// Makes `ctx` ask for certificates and judge them as `trust` says. They must outlive `ctx`'s
/// connections, which are Streams of contexts that have them.
[[nodiscard]] certs::Loaded<void> ask_for_client_certificates(
    SSL_CTX* ctx, const ClientTrust& trust
);

/// Whether `session`, which a new connection `ssl` wants to resume, has a client that would be let
/// in now: its certificate is still in force. A full handshake, which follows else, judges anew.
[[nodiscard]] bool client_still_good(const SSL* ssl, const SSL_SESSION* session);

/// After a handshake, resumed or not; empty if the client showed none.
[[nodiscard]] ClientIdentity client_identity(const SSL* ssl);

/// The certificate that was shown, in DER; empty if none was.
[[nodiscard]] std::string client_certificate_der(const SSL* ssl);

}  // namespace hsmfront::tls
