// What a client offered, for the log line about a handshake that found nothing in common.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace hsmfront::tls {

/// True when `reason` (ERR_GET_REASON) means that no certificate, cipher or group of ours fits what
/// the client offered (RFC 8446 §4.4.2.2, §4.1.1).
[[nodiscard]] bool is_mismatch(int reason);

/// "the client offers ciphers A:B, signature algorithms rsa_pss_rsae_sha256:0x0999". Both lists are
/// the client's and as long as it likes; each is cut after 32 entries.
[[nodiscard]] std::string client_offer(SSL* ssl);

}  // namespace hsmfront::tls
