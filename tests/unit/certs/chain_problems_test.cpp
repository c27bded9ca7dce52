// What is said of chains that clients will not like.
#include "certs/chain_problems.hpp"

#include "tests/support/test_ca.hpp"
#include "tests/support/test_certificate.hpp"

#include <gmock/gmock.h>
#include <openssl/x509v3.h>

#include <chrono>

namespace hsmfront::certs {
namespace {

using std::chrono::hours;
using test::CertificateSpec;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ChainProblemsTest : public testing::Test {
  protected:
    CertificateSpec leaf_spec() {
        return {
            .key = leaf_key.get(),
            .issuer = middle.get(),
            .issuer_key = middle_key.get(),
            .extensions = test::server_extensions()};
    }

    static std::vector<std::string> problems(const std::vector<X509*>& certificates) {
        Chain chain;
        for (X509* certificate : certificates) {
            X509_up_ref(certificate);
            chain.certificates.emplace_back(certificate);
        }
        return find_problems(chain, std::time(nullptr));
    }

    EvpPkeyPtr root_key = test::make_key("P-256");
    EvpPkeyPtr middle_key = test::make_key("P-256");
    EvpPkeyPtr leaf_key = test::make_key("P-256");
    X509Ptr root = test::make_certificate(
        {.subject = "root", .key = root_key.get(), .extensions = test::ca_extensions()}
    );
    X509Ptr middle = test::make_certificate(
        {.subject = "middle",
         .key = middle_key.get(),
         .issuer = root.get(),
         .issuer_key = root_key.get(),
         .extensions = test::ca_extensions()}
    );
    X509Ptr leaf = test::make_certificate(leaf_spec());
};

TEST_F(ChainProblemsTest, AreNoneInAGoodChain) {
    EXPECT_THAT(problems({leaf.get(), middle.get()}), IsEmpty());
}

/// As the procedure of an internal CA makes it: the root appended to what it issued itself.
TEST_F(ChainProblemsTest, AreNoneWhereTheRootIssuedTheLeaf) {
    auto spec = leaf_spec();
    spec.issuer = root.get();
    spec.issuer_key = root_key.get();
    const auto direct = test::make_certificate(spec);
    EXPECT_THAT(problems({direct.get(), root.get()}), IsEmpty());
}

TEST_F(ChainProblemsTest, TellOfAMissingIntermediate) {
    EXPECT_THAT(
        problems({leaf.get()}),
        ElementsAre(HasSubstr("its issuer (CN = middle) is not in the file"))
    );
    EXPECT_THAT(
        problems({leaf.get(), root.get()}),
        ElementsAre(
            HasSubstr("its issuer (CN = middle) is not in the file"),
            HasSubstr("number 2 (CN = root) is no part of the chain")
        )
    );
}

TEST_F(ChainProblemsTest, TellOfOrderStrangersAndRoots) {
    EXPECT_THAT(
        problems({leaf.get(), root.get(), middle.get()}),
        ElementsAre(HasSubstr("the root (CN = root) is in the file"), HasSubstr("not in order"))
    );
    const auto stranger = test::make_certificate(
        {.subject = "stranger", .key = root_key.get(), .extensions = test::ca_extensions()}
    );
    EXPECT_THAT(
        problems({leaf.get(), stranger.get(), middle.get()}),
        ElementsAre(HasSubstr("number 2 (CN = stranger) is no part of the chain"))
    );
}

TEST_F(ChainProblemsTest, TellOfASelfSignedLeaf) {
    auto spec = leaf_spec();
    spec.issuer = nullptr;
    spec.issuer_key = nullptr;
    const auto alone = test::make_certificate(spec);
    EXPECT_THAT(problems({alone.get()}), ElementsAre(HasSubstr("self-signed")));
}

TEST_F(ChainProblemsTest, TellOfWeakSignaturesButNotOfTheRoots) {
    const auto old_root = test::make_certificate(
        {.subject = "old",
         .key = root_key.get(),
         .digest = EVP_sha1(),
         .extensions = test::ca_extensions()}
    );
    auto spec = leaf_spec();
    spec.issuer = old_root.get();
    spec.issuer_key = root_key.get();
    const auto good = test::make_certificate(spec);
    EXPECT_THAT(problems({good.get(), old_root.get()}), IsEmpty());
    spec.digest = EVP_sha1();
    const auto weak = test::make_certificate(spec);
    EXPECT_THAT(
        problems({weak.get(), old_root.get()}),
        ElementsAre(HasSubstr("CN = localhost is signed with a weak digest"))
    );
}

TEST_F(ChainProblemsTest, TellOfWeakKeys) {
    auto spec = leaf_spec();
    const EvpPkeyPtr rsa(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1024}));
    spec.key = rsa.get();
    const auto small_rsa = test::make_certificate(spec);
    EXPECT_THAT(
        problems({small_rsa.get(), middle.get()}), ElementsAre(HasSubstr("is weak (1024 bits)"))
    );
    const EvpPkeyPtr ec(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-224"));
    spec.key = ec.get();
    const auto small_ec = test::make_certificate(spec);
    EXPECT_THAT(
        problems({small_ec.get(), middle.get()}), ElementsAre(HasSubstr("is weak (224 bits)"))
    );
    const auto ed25519 = test::make_key("ED25519");
    spec.key = ed25519.get();
    EXPECT_THAT(problems({test::make_certificate(spec).get(), middle.get()}), IsEmpty());
}

TEST_F(ChainProblemsTest, TellOfLeavesThatAreNoServers) {
    auto spec = leaf_spec();
    spec.extensions = {{NID_ext_key_usage, "clientAuth"}, {NID_key_usage, "keyEncipherment"}};
    const auto client = test::make_certificate(spec);
    EXPECT_THAT(
        problems({client.get(), middle.get()}),
        ElementsAre(
            HasSubstr("no subjectAltName"),
            HasSubstr("without serverAuth"),
            HasSubstr("without digitalSignature")
        )
    );
    spec.extensions = test::server_extensions();
    spec.extensions[0].second = "critical,CA:TRUE";
    EXPECT_THAT(
        problems({test::make_certificate(spec).get(), middle.get()}), Contains(HasSubstr("CA:TRUE"))
    );
}

TEST_F(ChainProblemsTest, TellOfValidity) {
    auto spec = leaf_spec();
    spec.until = hours{24 * 3 - 1};
    EXPECT_THAT(
        problems({test::make_certificate(spec).get(), middle.get()}),
        ElementsAre(HasSubstr("CN = localhost expires within 3 days"))
    );
    spec.until = -hours{1};
    EXPECT_THAT(
        problems({test::make_certificate(spec).get(), middle.get()}),
        ElementsAre(HasSubstr("CN = localhost has expired"))
    );
    spec.from = hours{1};
    spec.until = hours{24 * 365};
    EXPECT_THAT(
        problems({test::make_certificate(spec).get(), middle.get()}),
        ElementsAre(HasSubstr("CN = localhost is not valid yet"))
    );
}

}  // namespace
}  // namespace hsmfront::certs
