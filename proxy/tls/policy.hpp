// Policy: TLS settings in OpenSSL's terms.
#pragma once

#include "config/tls_settings.hpp"

#include <openssl/ssl.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::tls {

/// Our order of ciphers, but ChaCha20 first for a client that has it first: it has no AES in
/// hardware (SSL_CTX_set_options(3)).
inline constexpr std::uint64_t server_preference =
    SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;

[[nodiscard]] constexpr int version_number(config::TlsVersion version) {
    return version == config::TlsVersion::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

/// Behind every list of ciphers. RSA key exchange decrypts with the key, which a key in an HSM that
/// signs must never do (and has no forward secrecy); the others leave out half of TLS.
inline constexpr const char* never_ciphers = ":!kRSA:!aNULL:!eNULL";

/// The elements of `list` that are not empty.
[[nodiscard]] std::vector<std::string> elements(std::string_view list, std::string_view separators);

/// Those of `groups` that this OpenSSL has: a FIPS provider lacks some. May be empty.
[[nodiscard]] std::string available_groups(SSL_CTX* ctx, std::string_view groups);

/// True if one of `algorithms` can be made with a key of `type` (EVP_PKEY_get0_type_name(3)).
/// `tls1_3`: in TLS 1.3, where RSA signs with PSS only (RFC 8446 §4.2.3).
[[nodiscard]] bool can_sign(std::string_view algorithms, std::string_view type, bool tls1_3);

/// `algorithms` (SSL_CTX_set1_sigalgs_list(3)) without RSA-PSS, or without RSA's PKCS#1 v1.5, in
/// any of OpenSSL's spellings. May be empty.
[[nodiscard]] std::string without_rsa(std::string_view algorithms, bool no_pss, bool no_pkcs1);

}  // namespace hsmfront::tls
