// CertificateNames: how clients' certificates are called in allow-lists, logs and sessions.
#pragma once

#include <openssl/x509.h>

#include <string>

namespace hsmfront::tls {

/// In the notation of RFC 2253, in UTF-8; control characters are escaped.
[[nodiscard]] std::string name_of(const X509_NAME* name);

/// The subject of `certificate` likewise.
[[nodiscard]] std::string subject_of(const X509* certificate);

/// SHA-256 of `certificate`, 64 lower-case hexadecimal digits.
[[nodiscard]] std::string fingerprint_of(const X509* certificate);

}  // namespace hsmfront::tls
