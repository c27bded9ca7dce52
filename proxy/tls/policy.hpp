// Policy: TLS settings in OpenSSL's terms.
#pragma once

#include "config/tls_settings.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::tls {

/// Our order of ciphers, but ChaCha20 first for a client that has it first: it has no AES in
/// hardware (SSL_CTX_set_options(3)).
inline constexpr std::uint64_t server_preference =
    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;

[[nodiscard]] constexpr int version_number(config::TlsVersion version) {
    return version == config::TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

/// `algorithms` (SSL_CTX_set1_sigalgs_list(3)) without RSA-PSS, or without RSA's PKCS#1 v1.5, in
/// any of OpenSSL's spellings. May be empty.
[[nodiscard]] std::string without_rsa(std::string_view algorithms, bool no_pss, bool no_pkcs1);

}  // namespace hsmfront::tls
