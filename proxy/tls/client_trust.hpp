// ClientTrust: the CAs and CRLs that client certificates are judged by.
#pragma once

#include "certs/crl.hpp"
#include "config/tls_settings.hpp"

#include <openssl/x509_vfy.h>

#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::tls {

/// Immutable; shared by contexts and their connections.
///
/// Revocation is checked if there are CRLs. The client's own certificate then needs one of its
/// issuer, in force (RFC 5280 §6.3); CAs above it are checked where a CRL of their issuer is among
/// the files. A CA of the file that a CRL of another one there revokes is not believed.
class ClientTrust {
  public:
    /// Reads the files of `asked`, whose mode is not none. Blocks. The failure names file and
    /// remedy.
    [[nodiscard]] static certs::Loaded<std::shared_ptr<const ClientTrust>> load(
        const config::ClientCertificate& asked
    );

    [[nodiscard]] const config::ClientCertificate& asked() const noexcept { return asked_; }
    /// For SSL_CTX_set1_cert_store(3).
    [[nodiscard]] X509_STORE* store() const noexcept { return store_.get(); }
    /// Who is believed.
    [[nodiscard]] const std::vector<certs::X509Ptr>& authorities() const noexcept {
        return authorities_;
    }
    /// All that decides on a certificate: equal for equal settings and contents of files, whatever
    /// their names.
    [[nodiscard]] std::string identity() const;

    /// Whether the error in hand (X509_STORE_CTX_get_error(3)) is none here.
    [[nodiscard]] bool tolerates(X509_STORE_CTX* verification) const;
    /// Whether `certificate`, which verified when its session began, is in force at `now`, and so
    /// is a CRL of its issuer if revocation is checked. That the CRLs are the same the session id
    /// context says.
    [[nodiscard]] bool still_good(const X509* certificate, std::time_t now) const;

  private:
    ClientTrust() = default;
    [[nodiscard]] certs::Loaded<void> read(const config::ClientCertificate& asked);
    void drop_revoked();
    [[nodiscard]] bool fill_store() const;
    [[nodiscard]] bool has_crl_of(const X509_NAME* issuer) const;
    [[nodiscard]] bool has_crl_in_force(const X509_NAME* issuer, std::time_t now) const;

    config::ClientCertificate asked_;
    std::vector<certs::X509Ptr> authorities_;
    std::vector<certs::X509CrlPtr> crls_;
    std::unique_ptr<X509_STORE, certs::Deleter<X509_STORE_free>> store_;
};

/// Those loaded for one set of contexts, each once: CRLs can be large, and all contexts must see
/// the same ones.
class ClientTrusts {
  public:
    /// As ClientTrust::load().
    [[nodiscard]] certs::Loaded<std::shared_ptr<const ClientTrust>> load(
        const config::ClientCertificate& asked
    );

  private:
    std::vector<std::shared_ptr<const ClientTrust>> loaded_;
};

}  // namespace hsmfront::tls
