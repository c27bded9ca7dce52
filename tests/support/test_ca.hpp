// TestCa: a certificate authority in memory.
#pragma once

#include "certs/crl.hpp"
#include "certs/handle.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::test {

/// What a certificate says.
struct TestCertificate {
    std::string subject;
    std::string usage = "clientAuth";  ///< extendedKeyUsage
    std::vector<std::string> names = {};
    std::chrono::seconds from = -std::chrono::hours(24);  ///< from now
    std::chrono::seconds until = std::chrono::hours(24 * 365);
};

/// EC P-256, valid from yesterday for a year. Throws std::runtime_error when OpenSSL refuses.
class TestCa {
  public:
    explicit TestCa(const std::string& name = "hsmfront test CA");

    /// A TLS server certificate for `key`. `names` are subjectAltName entries as OpenSSL writes
    /// them: "DNS:localhost", "IP:127.0.0.1".
    [[nodiscard]] certs::X509Ptr issue(
        EVP_PKEY* key,
        const std::string& subject,
        const std::vector<std::string>& names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"}
    ) const;

    /// The same for a client: no names.
    [[nodiscard]] certs::X509Ptr issue_client(EVP_PKEY* key, const std::string& subject) const;

    [[nodiscard]] certs::X509Ptr issue(EVP_PKEY* key, const TestCertificate& content) const;
    /// A CA whose certificate this one issued.
    [[nodiscard]] TestCa subordinate(const std::string& name) const;
    /// A CRL, issued an hour ago.
    [[nodiscard]] certs::X509CrlPtr crl(
        const std::vector<X509*>& revoked, std::chrono::seconds until = std::chrono::hours(24)
    ) const;

    [[nodiscard]] X509* certificate() const { return certificate_.get(); }
    [[nodiscard]] std::string pem() const;
    [[nodiscard]] std::string key_pem() const;

    /// Issues a certificate for `key` and writes the chain: leaf, then this CA.
    void write_chain(const std::filesystem::path& file, EVP_PKEY* key, const std::string& subject)
        const;

  private:
    TestCa(certs::EvpPkeyPtr key, certs::X509Ptr certificate)
        : key_(std::move(key)), certificate_(std::move(certificate)) {}
    void sign(X509* certificate, const char* usage) const;

    certs::EvpPkeyPtr key_;
    certs::X509Ptr certificate_;
};

/// Throws std::runtime_error with `what` and OpenSSL's reason unless `fine`.
void check(bool fine, const char* what);
/// `value` as in OpenSSL's configuration. Throws as above.
void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value);

[[nodiscard]] std::string to_pem(X509* certificate);
[[nodiscard]] std::string to_pem(EVP_PKEY* private_key);
[[nodiscard]] std::string to_pem(X509_CRL* crl);
[[nodiscard]] std::string to_der(X509_CRL* crl);

/// Keys in memory, "RSA" (2048), "P-256", "P-384", "ED25519".
[[nodiscard]] certs::EvpPkeyPtr make_key(const std::string& kind);

}  // namespace hsmfront::test
