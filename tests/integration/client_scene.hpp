// Clients with certificates: their CAs and CRLs, and how a TLS client is turned away.
#pragma once

#include "tests/harness/tls_client.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::test {

using namespace std::chrono_literals;
using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

/// A client's chain and key in files; none: it has none to show.
struct Credential {
    std::filesystem::path chain;
    std::filesystem::path key;
};

/// The clients' CAs, and who comes with certificates of theirs.
class Clients {
  public:
    explicit Clients(std::filesystem::path folder);

    [[nodiscard]] std::filesystem::path ca_file() const { return folder_ / "clients.pem"; }
    [[nodiscard]] std::filesystem::path crl_file() const { return folder_ / "clients.crl"; }
    /// Writes the CRLs of all CAs, the root's with these in it, in one stroke.
    void revoke(const std::vector<X509*>& by_root, const std::vector<X509*>& by_sub = {}) const;
    void replace(const std::filesystem::path& file, const std::string& content) const;

    struct Made {
        Credential files;
        certs::X509Ptr certificate;
    };
    /// `issuers` follow in the chain, in PEM.
    [[nodiscard]] Made make(
        const TestCa& ca, const TestCertificate& content, const std::string& issuers = ""
    ) const;
    [[nodiscard]] Credential self_signed() const;

    TestCa root{"root"};
    TestCa sub = root.subordinate("sub");
    TestCa below_sub = sub.subordinate("below sub");
    TestCa revoked_sub = root.subordinate("revoked sub");
    TestCa silent_sub = root.subordinate("silent sub");  ///< has no CRL

  private:
    std::filesystem::path folder_;
    mutable int count_ = 0;
};

/// How a visit went.
struct Visit {
    bool let_in = false;
    bool resumed = false;
    int alert = 0;  ///< that the client received
    TlsSession session;
};

/// Of a client that shows a certificate, or none.
[[nodiscard]] ContextPtr context_of(int version, const Credential& shown);
/// Has alerts and sessions of the connections of `context` noted.
void watch(SSL_CTX* context, Visit& visit);

}  // namespace hsmfront::test
