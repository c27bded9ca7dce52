// What a client offered, for the log line about a handshake that found nothing in common.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace hsmfront::tls {

/// "the client offers ciphers A:B, groups x25519, signature algorithms rsa_pss_rsae_sha256:0x0999;
/// the server takes ciphers C". The client's lists are as long as it likes; each is cut after 32
/// entries.
[[nodiscard]] std::string client_offer(SSL* ssl);

}  // namespace hsmfront::tls
