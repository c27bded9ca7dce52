// AllowList: whether a certificate is on a list.
#pragma once

#include "config/tls_settings.hpp"

#include <openssl/x509.h>

#include <string>

namespace hsmfront::tls {

/// True if `certificate` is named in one of the lists, or all are empty. What kind a name is shows
/// in its form: an IP address, a URI (with a colon), an e-mail address (with "@"), else a DNS name.
/// It is compared with subjectAltNames of that kind only (RFC 5280 §4.2.1.6): host names without
/// regard to case and without wildcards, all else exactly. A common name is no name.
[[nodiscard]] bool allows(const config::ClientAllowList& list, const X509* certificate);

}  // namespace hsmfront::tls
