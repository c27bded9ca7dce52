// Client certificates: asked for in the first handshake (RFC 8446 §4.6.2: never later), verified
// against the configured CA.
#pragma once

#include "certs/chain.hpp"
#include "config/settings.hpp"

#include <openssl/ssl.h>

#include <string>

namespace hsmfront::tls {

/// Who the client has proven to be.
struct ClientIdentity {
    std::string subject;      ///< RFC 2253
    std::string common_name;  ///< the subject's last CN in UTF-8, or empty
    std::string fingerprint;  ///< SHA-256 of the certificate, 64 lower-case hexadecimal digits
};

/// Makes `ctx` ask as `asked` says. Returns what else the session id context must
/// hold, so that no session resumes around the present mode and CA; empty when nothing is asked.
/// The failure names the file and the remedy.
[[nodiscard]] certs::Loaded<std::string> ask_for_client_certificates(
    SSL_CTX* ctx, const config::ClientCertificate& asked
);

/// After a handshake, resumed or not; empty if the client showed none.
[[nodiscard]] ClientIdentity client_identity(const SSL* ssl);

/// The certificate that was shown, in DER; empty if none was.
[[nodiscard]] std::string client_certificate_der(const SSL* ssl);

/// The subject of `certificate` (RFC 2253).
[[nodiscard]] std::string subject_of(const X509* certificate);

}  // namespace hsmfront::tls
