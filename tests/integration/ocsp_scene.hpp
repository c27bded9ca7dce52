// OcspScene: certificates of a CA of the test's own, and what OpenSSL's client is given with them.
#pragma once

#include "tests/harness/front_stage.hpp"
#include "tests/harness/ocsp_responder.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/support/test_certificate.hpp"

#include <gmock/gmock.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hsmfront::test {

using ::testing::HasSubstr;
using ::testing::Not;

using Extensions = std::vector<std::pair<int, std::string>>;

inline const std::pair<int, std::string> must_staple{NID_tlsfeature, "status_request"};

inline Extensions responder_at(const std::string& url, Extensions more = {}) {
    more.emplace_back(NID_info_access, "OCSP;URI:" + url);
    return more;
}

class OcspAuthority {
  public:
    explicit OcspAuthority(const std::filesystem::path& folder) : folder_(folder) {
        std::filesystem::create_directories(folder);
        write_file(folder / "ca.pem", to_pem(certificate.get()));
        write_file(folder / "ca.key", to_pem(key.get()));
    }

    [[nodiscard]] std::filesystem::path file() const { return folder_ / "ca.pem"; }

    /// A certificate for localhost.
    [[nodiscard]] certs::X509Ptr issue(
        EVP_PKEY* subject, Extensions more = {}, seconds until = std::chrono::hours{24 * 90}
    ) const {
        return make_certificate(
            {.key = subject,
             .issuer = certificate.get(),
             .issuer_key = key.get(),
             .until = until,
             .extensions = server_extensions(std::move(more))}
        );
    }

    [[nodiscard]] std::vector<unsigned char> respond(X509* leaf, OcspSpec spec = {}) const {
        spec.leaf = leaf;
        spec.issuer = certificate.get();
        spec.key = key.get();
        return make_ocsp(spec);
    }

    certs::EvpPkeyPtr key = make_key("P-256");
    certs::X509Ptr certificate = make_certificate(
        {.subject = "OCSP test CA", .key = key.get(), .extensions = ca_extensions()}
    );

  private:
    std::filesystem::path folder_;
};

/// HTTPS with key files; there is no backend.
class OcspScene : public FrontStage {
  protected:
    OcspScene() {
        std::filesystem::create_directories(certificates());
        config.hsm.present = false;
        config.certificates = certificates();
        config.ftp.enabled = false;
        config.http.hsm = false;
        config.http.alias = "web";
        config.http.backend_port = ports.next();
    }

    [[nodiscard]] std::filesystem::path certificates() const { return scratch() / "certs"; }
    [[nodiscard]] std::filesystem::path staple(const std::string& alias = "web") const {
        return certificates() / (alias + ".ocsp");
    }

    /// A chain and a key for `alias`.
    void certify(
        const std::string& alias,
        const Extensions& more = {},
        const std::string& kind = "P-256",
        seconds until = std::chrono::hours{24 * 90}
    ) {
        const auto made = make_key(kind);
        leaves[alias] = ca.issue(made.get(), more, until);
        write_file(
            certificates() / (alias + ".pem"),
            to_pem(leaves[alias].get()) + to_pem(ca.certificate.get())
        );
        write_file(certificates() / (alias + ".key"), to_pem(made.get()));
    }

    void put_staple(const std::vector<unsigned char>& der, const std::string& alias = "web") {
        write_file(staple(alias), {reinterpret_cast<const char*>(der.data()), der.size()});
    }

    void stapling(const std::string& mode) {
        config.extra = "tls: { stapling: { mode: " + mode + " } }\n";
    }

    /// What `openssl s_client -status` says.
    [[nodiscard]] std::string client(const std::vector<std::string>& more = {}) const {
        std::vector<std::string> argv{
            "openssl",
            "s_client",
            "-connect",
            "127.0.0.1:" + std::to_string(config.http.port),
            "-servername",
            "localhost",
            "-CAfile",
            ca.file().string(),
            "-status"};
        argv.insert(argv.end(), more.begin(), more.end());
        const auto outcome = run(argv);
        return outcome.out + outcome.error;
    }

    [[nodiscard]] bool stapled(const std::vector<std::string>& more = {}) const {
        return client(more).find("Cert Status: good") != std::string::npos;
    }
    [[nodiscard]] bool unstapled(const std::vector<std::string>& more = {}) const {
        return client(more).find("OCSP response: no response sent") != std::string::npos;
    }

    OcspAuthority ca{scratch() / "ca"};
    std::map<std::string, certs::X509Ptr> leaves;
};

}  // namespace hsmfront::test
