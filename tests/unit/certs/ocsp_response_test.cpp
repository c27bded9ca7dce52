// OCSP responses: which ones may be served, and why not.
#include "certs/ocsp_response.hpp"

#include "certs/errc.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/support/test_certificate.hpp"

#include <gmock/gmock.h>
#include <openssl/pem.h>

#include <ctime>

namespace hsmfront::certs {
namespace {

using std::chrono::hours;
using test::CertificateSpec;
using test::OcspSpec;
using testing::HasSubstr;

class OcspResponseTest : public testing::Test {
  protected:
    /// Root, intermediate, leaf; the chain does not hold the root, as is usual.
    OcspResponseTest() {
        root = test::make_certificate(
            {.subject = "root", .key = root_key.get(), .extensions = test::ca_extensions()}
        );
        issuer = test::make_certificate(
            {.subject = "intermediate",
             .key = issuer_key.get(),
             .issuer = root.get(),
             .issuer_key = root_key.get(),
             .extensions = test::ca_extensions()}
        );
        leaf = issue("leaf", {});
    }

    X509Ptr issue(const std::string& subject, std::vector<std::pair<int, std::string>> more) {
        return test::make_certificate(
            {.subject = subject,
             .key = leaf_key.get(),
             .issuer = issuer.get(),
             .issuer_key = issuer_key.get(),
             .extensions = test::server_extensions(std::move(more))}
        );
    }

    OcspSpec good() {
        return {.leaf = leaf.get(), .issuer = issuer.get(), .key = issuer_key.get()};
    }

    OcspVerdict verify(const std::vector<unsigned char>& der) {
        return verify_ocsp_response(der, leaf.get(), issuer.get(), now);
    }

    std::string refused(const OcspSpec& spec, bool revoked = false) {
        const auto verdict = verify(test::make_ocsp(spec));
        EXPECT_FALSE(verdict.response);
        EXPECT_EQ(verdict.revoked, revoked);
        return verdict.why;
    }

    std::time_t now = std::time(nullptr);
    EvpPkeyPtr root_key = test::make_key("P-256");
    EvpPkeyPtr issuer_key = test::make_key("P-256");
    EvpPkeyPtr leaf_key = test::make_key("P-256");
    X509Ptr root;
    X509Ptr issuer;
    X509Ptr leaf;
};

TEST_F(OcspResponseTest, TakesWhatTheIssuerSigned) {
    const auto der = test::make_ocsp(good());
    const auto verdict = verify(der);
    const auto& response = verdict.response;
    ASSERT_TRUE(response) << verdict.why;
    EXPECT_EQ(response->der, der);
    EXPECT_NEAR(static_cast<double>(response->this_update), static_cast<double>(now - 60), 5);
    EXPECT_NEAR(static_cast<double>(response->next_update), static_cast<double>(now + 3600), 5);
    EXPECT_TRUE(response->ends);
}

TEST_F(OcspResponseTest, TakesCertificateIdsOfOtherDigests) {
    auto spec = good();
    spec.id_digest = EVP_sha256();
    EXPECT_TRUE(verify(test::make_ocsp(spec)).response);
}

TEST_F(OcspResponseTest, TakesADelegatedResponderAndNobodyElse) {
    const auto responder_key = test::make_key("P-256");
    CertificateSpec responder{
        .subject = "responder",
        .key = responder_key.get(),
        .issuer = issuer.get(),
        .issuer_key = issuer_key.get(),
        .extensions = {{NID_ext_key_usage, "OCSPSigning"}}};
    const auto delegated = test::make_certificate(responder);
    auto spec = good();
    spec.signer = delegated.get();
    spec.key = responder_key.get();
    const auto taken = verify(test::make_ocsp(spec));
    EXPECT_TRUE(taken.response) << taken.why;

    responder.extensions = {{NID_ext_key_usage, "serverAuth"}};
    const auto no_responder = test::make_certificate(responder);
    spec.signer = no_responder.get();
    EXPECT_THAT(refused(spec), HasSubstr("nor a responder delegated by it signed it"));

    responder.extensions = {{NID_ext_key_usage, "OCSPSigning"}};
    responder.issuer = root.get();
    responder.issuer_key = root_key.get();
    const auto of_another_ca = test::make_certificate(responder);
    spec.signer = of_another_ca.get();
    EXPECT_THAT(refused(spec), HasSubstr("CN = intermediate, which issued the certificate"));
}

TEST_F(OcspResponseTest, RefusesAnotherKeysSignature) {
    auto der = test::make_ocsp(good());
    der.back() ^= 1U;
    const auto result = verify(der);
    EXPECT_FALSE(result.response);
    EXPECT_THAT(result.why, HasSubstr("signed it"));
}

TEST_F(OcspResponseTest, RefusesAnAnswerAboutAnotherCertificate) {
    const auto other = issue("other", {});
    auto spec = good();
    spec.leaf = other.get();
    EXPECT_THAT(refused(spec), HasSubstr("about another certificate"));
}

TEST_F(OcspResponseTest, SaysSinceWhenAndWhyItIsRevoked) {
    auto spec = good();
    spec.status = V_OCSP_CERTSTATUS_REVOKED;
    spec.reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE;
    const auto why = refused(spec, true);
    EXPECT_THAT(why, HasSubstr("the responder says that the certificate is revoked since 20"));
    EXPECT_THAT(why, HasSubstr("UTC (keyCompromise)"));
}

TEST_F(OcspResponseTest, RefusesUnknown) {
    auto spec = good();
    spec.status = V_OCSP_CERTSTATUS_UNKNOWN;
    EXPECT_THAT(refused(spec), HasSubstr("does not know the certificate"));
}

TEST_F(OcspResponseTest, KeepsToItsTimes) {
    auto spec = good();
    spec.from = -hours{2};
    spec.until = std::chrono::seconds{-1};
    EXPECT_THAT(refused(spec), HasSubstr("it ended at 20"));
    spec = good();
    spec.from = std::chrono::minutes{4};
    EXPECT_TRUE(verify(test::make_ocsp(spec)).response);
    spec.from = std::chrono::minutes{6};
    EXPECT_THAT(refused(spec), HasSubstr("compare the clocks"));
}

TEST_F(OcspResponseTest, WithoutEndHoldsForADay) {
    auto spec = good();
    spec.from = -hours{23};
    spec.until.reset();
    const auto verdict = verify(test::make_ocsp(spec));
    const auto& response = verdict.response;
    ASSERT_TRUE(response) << verdict.why;
    EXPECT_FALSE(response->ends);
    EXPECT_NEAR(static_cast<double>(response->next_update), static_cast<double>(now + 3600), 5);
    spec.from = -hours{25};
    EXPECT_THAT(refused(spec), HasSubstr("more than a day old"));
}

TEST_F(OcspResponseTest, RefusesWhatIsNoResponse) {
    EXPECT_THAT(verify({}).why, HasSubstr("not an OCSP response"));
    EXPECT_THAT(verify({'<', 'h', 't', 'm', 'l', '>'}).why, HasSubstr("not an OCSP"));
    auto der = test::make_ocsp(good());
    der.push_back(0);
    EXPECT_THAT(verify(der).why, HasSubstr("not an OCSP response"));
    // responseStatus tryLater (RFC 6960 §4.2.1).
    EXPECT_THAT(verify({0x30, 0x03, 0x0a, 0x01, 0x03}).why, HasSubstr("refused the question: "));
}

TEST_F(OcspResponseTest, ReadsWhatACertificateSaysOfOcsp) {
    EXPECT_EQ(ocsp_responder(leaf.get()), "");
    EXPECT_FALSE(must_staple(leaf.get()));
    const auto marked = issue(
        "marked",
        {{NID_info_access,
          "OCSP;URI:ldap://a/,OCSP;URI:http://ocsp.example.com/x,caIssuers;URI:http://b/"},
         {NID_tlsfeature, "status_request"}}
    );
    EXPECT_EQ(ocsp_responder(marked.get()), "http://ocsp.example.com/x");
    EXPECT_TRUE(must_staple(marked.get()));
    const auto other = issue("other", {{NID_tlsfeature, "17"}});
    EXPECT_FALSE(must_staple(other.get()));
}

TEST_F(OcspResponseTest, FindsTheIssuerInAChain) {
    Chain chain;
    const auto add = [&chain](X509* certificate) {
        X509_up_ref(certificate);
        chain.certificates.emplace_back(certificate);
    };
    add(leaf.get());
    EXPECT_EQ(find_issuer(chain), nullptr);
    add(root.get());
    EXPECT_EQ(find_issuer(chain), nullptr);
    add(issuer.get());
    EXPECT_EQ(find_issuer(chain), issuer.get());
}

TEST_F(OcspResponseTest, ReadsFilesInDerAndPem) {
    const test::TempDir dir;
    const auto der = test::make_ocsp(good());
    const std::string_view bytes(reinterpret_cast<const char*>(der.data()), der.size());
    EXPECT_EQ(*read_ocsp_file(dir.write("a.ocsp", bytes)), der);

    const BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio(memory.get(), "OCSP RESPONSE", "", der.data(), static_cast<long>(der.size()));
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    const std::string pem(data, static_cast<std::size_t>(size));
    EXPECT_EQ(*read_ocsp_file(dir.write("b.ocsp", pem)), der);

    EXPECT_EQ(read_ocsp_file(dir / "none").error().code, make_error_code(Errc::file_unreadable));
    EXPECT_FALSE(read_ocsp_file(dir.write("c.ocsp", "")));
    EXPECT_FALSE(read_ocsp_file(dir.path()));
    const auto large = read_ocsp_file(dir.write("d.ocsp", std::string(70'000, 'x')));
    EXPECT_THAT(large.error().message, HasSubstr("larger than 64 KiB"));
    const auto cut = read_ocsp_file(dir.write("e.ocsp", pem.substr(0, pem.size() / 2)));
    EXPECT_THAT(cut.error().message, HasSubstr("PEM"));
}

}  // namespace
}  // namespace hsmfront::certs
