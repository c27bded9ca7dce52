// Keys in a SoftHSM token: found, proven, and their signatures accepted by OpenSSL.
#include "tests/support/test_ca.hpp"
#include "tests/unit/certs/token_fixture.hpp"

#include <gmock/gmock.h>
#include <openssl/rsa.h>

namespace hsmfront::certs {
namespace {

using test::TokenKeyKind;
using ::testing::HasSubstr;

struct Case {
    TokenKeyKind kind;
    Padding padding;
    Digest digest;
    const char* md;
};

constexpr std::string_view message = "what the client will check";

SignRequest request_for(const Case& wanted) {
    SignRequest request{wanted.padding, wanted.digest, {message.begin(), message.end()}};
    if (wanted.md != nullptr) {
        unsigned int size = 0;
        request.input.resize(EVP_MAX_MD_SIZE);
        EVP_Digest(
            message.data(),
            message.size(),
            request.input.data(),
            &size,
            EVP_get_digestbyname(wanted.md),
            nullptr
        );
        request.input.resize(size);
    }
    return request;
}

/// As a TLS client verifies: over the message, by OpenSSL alone.
bool verified(EVP_PKEY* key, const Case& wanted, const Signature& signature) {
    const std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;
    const EVP_MD* md = wanted.md != nullptr ? EVP_get_digestbyname(wanted.md) : nullptr;
    if (EVP_DigestVerifyInit(context.get(), &options, md, nullptr, key) != 1) {
        return false;
    }
    if (wanted.padding == Padding::pss) {
        EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
    }
    return EVP_DigestVerify(
               context.get(),
               signature.data(),
               signature.size(),
               reinterpret_cast<const unsigned char*>(message.data()),
               message.size()
           ) == 1;
}

class TokenKeys : public ShimmedToken {
  protected:
    void expect_valid_signatures(TokenKeyKind kind, const std::vector<Case>& cases) {
        token_.generate(kind, "tested");
        const auto hsm = open(settings(1));
        const auto key = key_of(*hsm, "tested");
        for (const Case& wanted : cases) {
            const auto signature = sign_now(*key, request_for(wanted));
            ASSERT_TRUE(signature) << signature.error().message();
            EXPECT_TRUE(verified(key->public_key(), wanted, *signature))
                << wanted.md << " padding " << static_cast<int>(wanted.padding);
        }
    }

    static std::vector<Case> rsa_cases(TokenKeyKind kind) {
        std::vector<Case> cases;
        for (const Padding padding : {Padding::pkcs1, Padding::pss}) {
            cases.push_back({kind, padding, Digest::sha1, "SHA1"});
            cases.push_back({kind, padding, Digest::sha224, "SHA224"});
            cases.push_back({kind, padding, Digest::sha256, "SHA256"});
            cases.push_back({kind, padding, Digest::sha384, "SHA384"});
            cases.push_back({kind, padding, Digest::sha512, "SHA512"});
        }
        return cases;
    }

    static std::vector<Case> ec_cases(TokenKeyKind kind) {
        return {
            {kind, Padding::none, Digest::sha256, "SHA256"},
            {kind, Padding::none, Digest::sha384, "SHA384"},
            {kind, Padding::none, Digest::sha512, "SHA512"}};
    }
};

TEST_F(TokenKeys, RsaSignsWithBothPaddingsAndAllDigests) {
    expect_valid_signatures(TokenKeyKind::rsa_2048, rsa_cases(TokenKeyKind::rsa_2048));
    EXPECT_GT(shim_.counter("signs"), 0U);
}

TEST_F(TokenKeys, Rsa3072Signs) {
    expect_valid_signatures(TokenKeyKind::rsa_3072, rsa_cases(TokenKeyKind::rsa_3072));
}

TEST_F(TokenKeys, P256SignsDigestsLongerThanItsOrder) {
    expect_valid_signatures(TokenKeyKind::ec_p256, ec_cases(TokenKeyKind::ec_p256));
}

TEST_F(TokenKeys, P384SignsDigestsLongerAndShorterThanItsOrder) {
    expect_valid_signatures(TokenKeyKind::ec_p384, ec_cases(TokenKeyKind::ec_p384));
}

TEST_F(TokenKeys, Ed25519SignsTheMessageItself) {
    expect_valid_signatures(
        TokenKeyKind::ed25519, {{TokenKeyKind::ed25519, Padding::none, Digest::none, nullptr}}
    );
}

TEST_F(TokenKeys, PssIsMadeByTheTokenWhereItCan) {
    token_.generate(TokenKeyKind::rsa_2048, "tested");
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm, "tested");
    const Case pss{TokenKeyKind::rsa_2048, Padding::pss, Digest::sha256, "SHA256"};
    ASSERT_TRUE(sign_now(*key, request_for(pss)));
    EXPECT_EQ(shim_.counter("last_mechanism"), CKM_RSA_PKCS_PSS);
}

TEST_F(TokenKeys, PssIsPaddedHereWhereTheTokenCannot) {
    shim_.set({{"no_pss", 1}});
    expect_valid_signatures(TokenKeyKind::rsa_2048, rsa_cases(TokenKeyKind::rsa_2048));
    EXPECT_EQ(shim_.counter("last_mechanism"), CKM_RSA_X_509);
}

TEST_F(TokenKeys, NoPssAtAllNarrowsTheCapabilities) {
    shim_.set({{"no_pss", 1}, {"no_raw_rsa", 1}});
    token_.generate(TokenKeyKind::rsa_2048, "tested");
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm, "tested");
    EXPECT_FALSE(key->capabilities().pss);
    EXPECT_TRUE(key->capabilities().pkcs1);
    const Case pss{TokenKeyKind::rsa_2048, Padding::pss, Digest::sha256, "SHA256"};
    EXPECT_EQ(sign_now(*key, request_for(pss)).error(), Errc::signature_failed);
}

TEST_F(TokenKeys, DigestOfTheWrongLengthIsRefusedUnsent) {
    token_.generate(TokenKeyKind::rsa_2048, "tested");
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm, "tested");
    const auto before = shim_.counter("sign_inits");
    const SignRequest request{Padding::pss, Digest::sha256, std::vector<std::uint8_t>(31)};
    EXPECT_EQ(sign_now(*key, request).error(), Errc::signature_failed);
    EXPECT_EQ(shim_.counter("sign_inits"), before);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::up);
}

TEST_F(TokenKeys, UnknownAliasIsNamed) {
    const auto hsm = open(settings(1));
    const auto key = hsm->find_key("nobody", nullptr);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::key_not_found);
    EXPECT_THAT(key.error().message, HasSubstr("'nobody'"));
}

TEST_F(TokenKeys, TwoKeysOfOneAliasAreAnError) {
    token_.generate(TokenKeyKind::ec_p256, "front");
    const auto hsm = open(settings(1));
    const auto key = hsm->find_key("front", nullptr);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::key_ambiguous);
    EXPECT_THAT(key.error().message, HasSubstr("'front'"));
}

TEST_F(TokenKeys, CurveThatTlsDoesNotKnowIsUnsupported) {
    token_.generate(TokenKeyKind::ec_secp256k1, "coin");
    const auto hsm = open(settings(1));
    EXPECT_EQ(hsm->find_key("coin", nullptr).error().code, Errc::key_unsupported);
}

TEST_F(TokenKeys, CertificateOfAnotherKeyIsAMismatch) {
    const auto other = test::make_key("P-256");
    const auto hsm = open(settings(1));
    const auto key = hsm->find_key("front", other.get());
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, Errc::key_mismatch);
    EXPECT_THAT(key.error().message, HasSubstr("'front'"));
}

TEST_F(TokenKeys, HiddenPublicHalfIsTakenFromTheCertificateAndProven) {
    const auto right = token_.public_key("front");
    const auto wrong = test::make_key("P-256");
    shim_.set({{"hide_public", 1}});
    const auto hsm = open(settings(1));
    EXPECT_EQ(hsm->find_key("front", wrong.get()).error().code, Errc::key_mismatch);
    EXPECT_EQ(hsm->find_key("front", nullptr).error().code, Errc::key_unsupported);
    EXPECT_TRUE(hsm->find_key("front", right.get()));
}

TEST_F(TokenKeys, RsaCertificateForAnEcKeyIsAMismatch) {
    const auto rsa = test::make_key("RSA");
    shim_.set({{"hide_public", 1}});
    const auto hsm = open(settings(1));
    EXPECT_EQ(hsm->find_key("front", rsa.get()).error().code, Errc::key_mismatch);
}

TEST_F(TokenKeys, AlwaysAuthenticateSendsThePinForEachSignature) {
    token_.generate(TokenKeyKind::ec_p256, "careful", true);
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm, "careful");
    const auto before = shim_.counter("context_logins");
    EXPECT_GT(before, 0U);
    ASSERT_TRUE(sign_now(*key));
    ASSERT_TRUE(sign_now(*key));
    EXPECT_EQ(shim_.counter("context_logins"), before + 2);
}

TEST_F(TokenKeys, CertificatesComeLeafFirst) {
    const test::TestCa ca;
    const auto key = token_.public_key("front");
    token_.import_certificate(ca.certificate(), "front");
    token_.import_certificate(ca.issue(key.get(), "front").get(), "front");
    const auto hsm = open(settings(1));
    const auto chain = hsm->find_certificate("front");
    ASSERT_TRUE(chain) << chain.error().message;
    ASSERT_EQ(chain->certificates.size(), 2U);
    EXPECT_TRUE(check_match(*chain, key.get(), "front"));
    EXPECT_EQ(hsm->find_certificate("nobody").error().code, Errc::key_not_found);
}

}  // namespace
}  // namespace hsmfront::certs
