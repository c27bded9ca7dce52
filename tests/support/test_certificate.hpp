// Certificates and OCSP responses of any make, also wrong ones.
#pragma once

#include "certs/handle.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::test {

using std::chrono::seconds;

struct CertificateSpec {
    std::string subject = "localhost";  ///< the common name
    EVP_PKEY* key = nullptr;
    X509* issuer = nullptr;  ///< null: self-signed
    EVP_PKEY* issuer_key = nullptr;
    const EVP_MD* digest = EVP_sha256();
    seconds from = -std::chrono::hours{24};  ///< from now
    seconds until = std::chrono::hours{24 * 365};
    /// NID and value, as in OpenSSL's configuration: {NID_basic_constraints, "CA:TRUE"}.
    std::vector<std::pair<int, std::string>> extensions;
};

/// Throws std::runtime_error when OpenSSL refuses.
[[nodiscard]] certs::X509Ptr make_certificate(const CertificateSpec& spec);

/// What a CA's extensions usually are.
[[nodiscard]] std::vector<std::pair<int, std::string>> ca_extensions();
/// Those of a server's certificate for localhost, with `more`.
[[nodiscard]] std::vector<std::pair<int, std::string>> server_extensions(
    std::vector<std::pair<int, std::string>> more = {}
);

struct OcspSpec {
    X509* leaf = nullptr;
    X509* issuer = nullptr;
    X509* signer = nullptr;  ///< null: the issuer
    EVP_PKEY* key = nullptr;
    int status = 0;     ///< V_OCSP_CERTSTATUS_*
    int reason = -1;    ///< OCSP_REVOKED_STATUS_*
    seconds from{-60};  ///< from now
    std::optional<seconds> until = std::chrono::hours{1};
    const EVP_MD* id_digest = EVP_sha1();
};

/// A response in DER. Throws as above.
[[nodiscard]] std::vector<unsigned char> make_ocsp(const OcspSpec& spec);

}  // namespace hsmfront::test
