#include "config/tls_settings.hpp"

namespace hsmfront::config {
namespace {

// Mozilla's lists, guideline 5.7, with two omissions. Of "intermediate" those with DHE: every
// client with AES-GCM has ECDHE, and a server's share of DHE is expensive at the client's request
// (CVE-2002-20001). Of "old" those with RSA key exchange and with 3DES (SWEET32).
constexpr const char* suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* intermediate_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* compatible_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:"
    "ECDHE-ECDSA-AES256-SHA384:ECDHE-RSA-AES256-SHA384:"
    "ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:"
    "DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA256";
constexpr const char* strong_signatures =
    "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512";

template <class Value>
void replace(Value& value, const std::optional<Value>& given) {
    if (given) {
        value = *given;
    }
}

void lay_over(ClientCertificate& below, const TlsPolicy::ClientCertificates& layer) {
    replace(below.mode, layer.mode);
    replace(below.ca, layer.ca);
    replace(below.crl, layer.crl);
    replace(below.accept_expired_crl, layer.accept_expired_crl);
    replace(below.depth, layer.depth);
    replace(below.allow.subjects, layer.subjects);
    replace(below.allow.names, layer.names);
    replace(below.allow.fingerprints, layer.fingerprints);
}

void lay_over(Tls& below, const TlsPolicy& layer) {
    if (layer.profile) {
        Tls fresh(*layer.profile);
        fresh.strict_sni = below.strict_sni;
        fresh.client_certificate = std::move(below.client_certificate);
        below = std::move(fresh);
    }
    replace(below.min_version, layer.min_version);
    replace(below.ciphers, layer.ciphers);
    replace(below.ciphersuites, layer.ciphersuites);
    replace(below.groups, layer.groups);
    replace(below.signature_algorithms, layer.signature_algorithms);
    replace(below.server_preference, layer.server_preference);
    replace(below.strict_sni, layer.strict_sni);
    lay_over(below.client_certificate, layer.client_certificate);
}

}  // namespace

Tls::Tls(TlsProfile profile)
    : min_version(profile == TlsProfile::modern ? TlsVersion::tls1_3 : TlsVersion::tls1_2),
      ciphers(profile == TlsProfile::compatible ? compatible_ciphers : intermediate_ciphers),
      ciphersuites(suites),
      groups("X25519:P-256:P-384"),
      signature_algorithms(strong_signatures),
      server_preference(profile == TlsProfile::compatible) {}

Tls resolve_tls(std::span<const TlsPolicy* const> layers) {
    Tls result;
    for (const TlsPolicy* layer : layers) {
        lay_over(result, *layer);
    }
    return result;
}

}  // namespace hsmfront::config
