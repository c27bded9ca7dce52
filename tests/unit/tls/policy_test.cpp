// Policy: what is said about lists of OpenSSL's, and keys that a list leaves nothing for.
#include "proxy/tls/policy.hpp"

#include "proxy/tls/policy_check.hpp"
#include "tls_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::tls {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Policy, RsaIsLeftOutInEachSpelling) {
    const std::string all =
        "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:RSA-PSS+SHA256:PSS+SHA384:rsa_pkcs1_sha256:"
        "RSA+SHA512";
    EXPECT_EQ(without_rsa(all, true, false), "ecdsa_secp256r1_sha256:rsa_pkcs1_sha256:RSA+SHA512");
    EXPECT_EQ(
        without_rsa(all, false, true),
        "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:RSA-PSS+SHA256:PSS+SHA384"
    );
    EXPECT_EQ(without_rsa(all, true, true), "ecdsa_secp256r1_sha256");
    EXPECT_EQ(without_rsa("RSA+SHA256", true, true), "");
}

TEST(Policy, WhichKeyCanSignWhat) {
    EXPECT_TRUE(can_sign("ed25519:rsa_pkcs1_sha256", "RSA", false));
    EXPECT_FALSE(can_sign("ed25519:rsa_pkcs1_sha256", "RSA", true));
    EXPECT_TRUE(can_sign("PSS+SHA256", "RSA", true));
    EXPECT_FALSE(can_sign("rsa_pss_pss_sha256", "RSA", false));
    EXPECT_TRUE(can_sign("rsa_pss_pss_sha256", "RSA-PSS", true));
    EXPECT_TRUE(can_sign("ECDSA+SHA256", "EC", true));
    EXPECT_FALSE(can_sign("ed25519", "EC", false));
    EXPECT_TRUE(can_sign("ed25519", "ED25519", true));
}

TEST(Policy, ElementsAreWhatStandsBetweenSeparators) {
    EXPECT_THAT(elements(":a::b c:", ": "), ElementsAre("a", "b", "c"));
    EXPECT_TRUE(elements("", ":").empty());
}

/// The keys of the problems that `change` makes.
template <class Change>
std::vector<std::string> wrong(Change change) {
    config::TlsPolicy layer;
    change(layer);
    std::vector<std::string> keys;
    for (const auto& problem : policy_problems(layer, "ftp.tls")) {
        keys.push_back(problem.key);
    }
    return keys;
}

TEST(PolicyCheck, TriesEachElement) {
    EXPECT_THAT(wrong([](auto&) {}), ElementsAre());
    EXPECT_THAT(
        wrong([](auto& layer) {
            layer.ciphers = "HIGH:!RC4:-NONSENSE:+SHA1:@STRENGTH:!aNULL, ECDHE+AESGCM";
            layer.ciphersuites = "TLS_AES_128_GCM_SHA256";
            layer.groups = "X25519:secp521r1";
            layer.signature_algorithms = "ECDSA+SHA256:rsa_pss_rsae_sha256";
        }),
        ElementsAre()
    );
    EXPECT_THAT(
        wrong([](auto& layer) {
            layer.ciphers = "HIGH:NONSENSE";
            layer.ciphersuites = "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256";
            layer.groups = "X25519:X25519";
            layer.signature_algorithms = "";
        }),
        ElementsAre(
            "ftp.tls.ciphers",
            "ftp.tls.ciphersuites",
            "ftp.tls.groups",
            "ftp.tls.signature_algorithms"
        )
    );
    EXPECT_THAT(wrong([](auto& layer) { layer.ciphers = "kRSA"; }), ElementsAre("ftp.tls.ciphers"));
    EXPECT_THAT(wrong([](auto& layer) { layer.ciphers = "!ALL"; }), ElementsAre("ftp.tls.ciphers"));
}

/// Why no context is made with a key in a token that can do so much only; empty if one is.
std::string refusal(certs::SignCapabilities can, const config::Tls& policy) {
    auto key = std::make_shared<ThreadKey>(make_key("RSA"), certs::KeyType::rsa);
    key->can = can;
    Context::Options options;
    options.tls = policy;
    const auto made = Context::create(
        options,
        {std::make_shared<const Identity>(Identity{
            "test", self_signed(key->public_key()), std::shared_ptr<certs::RemoteKey>(key)})}
    );
    return made ? std::string() : made.error().message;
}

TEST(Policy, AKeyForWhichNoSignatureIsLeftIsRefusedWithTheReason) {
    certs::SignCapabilities no_pss;
    no_pss.pss = false;
    no_pss.pkcs1 = true;
    certs::SignCapabilities no_pkcs1;
    no_pkcs1.pss = true;
    no_pkcs1.pkcs1 = false;
    config::Tls policy;
    EXPECT_EQ(refusal(no_pss, policy), "");
    EXPECT_EQ(refusal(no_pkcs1, policy), "");
    policy.signature_algorithms = "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256";
    EXPECT_EQ(refusal(no_pkcs1, policy), "");
    EXPECT_THAT(
        refusal(no_pss, policy),
        HasSubstr("alias \"test\": none of the signature algorithms \"rsa_pss_rsae_sha256:ecdsa_"
                  "secp256r1_sha256\" (tls.signature_algorithms) can be made with its key "
                  "(RSA-2048) by this token; add one")
    );
    policy = config::Tls(config::TlsProfile::modern);
    EXPECT_THAT(refusal(no_pss, policy), HasSubstr("the token cannot make RSA-PSS signatures"));
    policy.signature_algorithms = "ed25519";
    EXPECT_THAT(refusal(no_pkcs1, policy), HasSubstr("(RSA-2048) in TLS 1.3; add one"));
}

}  // namespace
}  // namespace hsmfront::tls
