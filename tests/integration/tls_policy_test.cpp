// What each TLS profile accepts, on HTTPS and FTPS, with keys in the token and in files; everything
// else that OpenSSL can offer is refused.
#include "tls_scene.hpp"

#include <unistd.h>

namespace hsmfront::test {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;
using Names = std::vector<std::string>;

struct Expected {
    std::string profile;
    Names ciphers;  ///< of TLS 1.2
    bool server_preference = false;
};

const Names aead_ciphers{
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305"};

Names with_older(Names ciphers) {
    for (const char* one :
         {"DHE-RSA-AES128-GCM-SHA256",
          "DHE-RSA-AES256-GCM-SHA384",
          "DHE-RSA-CHACHA20-POLY1305",
          "ECDHE-ECDSA-AES128-SHA256",
          "ECDHE-RSA-AES128-SHA256",
          "ECDHE-ECDSA-AES128-SHA",
          "ECDHE-RSA-AES128-SHA",
          "ECDHE-ECDSA-AES256-SHA384",
          "ECDHE-RSA-AES256-SHA384",
          "ECDHE-ECDSA-AES256-SHA",
          "ECDHE-RSA-AES256-SHA",
          "DHE-RSA-AES128-SHA256",
          "DHE-RSA-AES256-SHA256"}) {
        ciphers.emplace_back(one);
    }
    return ciphers;
}

const Expected modern{"modern", {}};
const Expected intermediate{"intermediate", aead_ciphers};
const Expected compatible{"compatible", with_older(aead_ciphers), true};

void PrintTo(const Expected& expected, std::ostream* out) { *out << expected.profile; }

class TlsProfile : public TlsScene,
                   public ::testing::WithParamInterface<std::tuple<Expected, bool>> {
  protected:
    TlsProfile() {
        if (!std::get<bool>(GetParam())) {
            take_keys_from_files();
        }
        config.extra = "tls: { profile: " + expected().profile + " }\n";
        start();
    }
    [[nodiscard]] static const Expected& expected() { return std::get<Expected>(GetParam()); }
    [[nodiscard]] static bool has_tls1_2() { return !expected().ciphers.empty(); }
    /// Of `all` signature algorithms, those that a client may offer alone in TLS `version`.
    [[nodiscard]] Names signatures(Door door, int version) const {
        const Names all{
            "ecdsa_secp256r1_sha256",
            "ecdsa_secp384r1_sha384",
            "ecdsa_secp521r1_sha512",
            "ECDSA+SHA1",
            "ECDSA+SHA224",
            "ed25519",
            "ed448",
            "rsa_pss_rsae_sha256",
            "rsa_pss_rsae_sha384",
            "rsa_pss_rsae_sha512",
            "rsa_pss_pss_sha256",
            "rsa_pkcs1_sha256",
            "rsa_pkcs1_sha384",
            "rsa_pkcs1_sha512",
            "RSA+SHA1",
            "RSA+SHA224"};
        return accepted(door, all, [version](Offer& offer, const std::string& one) {
            offer.version = version;
            offer.signatures = one;
        });
    }
};

INSTANTIATE_TEST_SUITE_P(
    Key,
    TlsProfile,
    ::testing::Combine(::testing::Values(modern, intermediate, compatible), ::testing::Bool()),
    [](const auto& test) {
        return std::get<Expected>(test.param).profile +
               (std::get<bool>(test.param) ? "_token" : "_file");
    }
);

TEST_P(TlsProfile, AcceptsTheseVersionsAndCiphersOnly) {
    for (const Door door : all_doors) {
        SCOPED_TRACE(to_string(door));
        for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
            const Answer answer = ask(door, {.version = version});
            EXPECT_FALSE(answer.accepted);
            EXPECT_EQ(answer.alert, SSL_AD_PROTOCOL_VERSION);
        }
        EXPECT_EQ(ask(door).version, "TLSv1.3");
        if (!has_tls1_2()) {
            EXPECT_EQ(ask(door, {.version = TLS1_2_VERSION}).alert, SSL_AD_PROTOCOL_VERSION);
        }
        EXPECT_THAT(
            accepted(
                door,
                all_ciphers(),
                [](Offer& offer, const std::string& one) {
                    offer.version = TLS1_2_VERSION;
                    offer.ciphers = one;
                }
            ),
            UnorderedElementsAreArray(expected().ciphers)
        );
        EXPECT_THAT(
            accepted(
                door,
                {"TLS_AES_128_GCM_SHA256",
                 "TLS_AES_256_GCM_SHA384",
                 "TLS_CHACHA20_POLY1305_SHA256",
                 "TLS_AES_128_CCM_SHA256",
                 "TLS_AES_128_CCM_8_SHA256"},
                [](Offer& offer, const std::string& one) {
                    offer.version = TLS1_3_VERSION;
                    offer.suites = one;
                }
            ),
            UnorderedElementsAreArray(
                {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
            )
        );
    }
}

TEST_P(TlsProfile, AcceptsTheseGroupsOnly) {
    for (const Door door : all_doors) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            if (version == TLS1_2_VERSION && !has_tls1_2()) {
                continue;
            }
            Names all{"X25519", "X448", "P-256", "P-384", "P-521"};
            if (version == TLS1_3_VERSION) {
                all.insert(all.end(), {"ffdhe2048", "ffdhe3072", "ffdhe8192"});
            }
            EXPECT_THAT(
                accepted(
                    door,
                    all,
                    [version](Offer& offer, const std::string& one) {
                        offer.version = version;
                        offer.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";
                        offer.groups = one;
                    }
                ),
                ElementsAreArray({"X25519", "P-256", "P-384"})
            ) << to_string(door)
              << version;
        }
    }
}

TEST_P(TlsProfile, SignsWithTheseAlgorithmsOnlyAndPicksTheKeyByThem) {
    Names all{
        "ecdsa_secp256r1_sha256",
        "rsa_pss_rsae_sha256",
        "rsa_pss_rsae_sha384",
        "rsa_pss_rsae_sha512"};
    for (const Door door : all_doors) {
        EXPECT_THAT(signatures(door, TLS1_3_VERSION), ElementsAreArray(all)) << to_string(door);
        EXPECT_EQ(ask(door, {.signatures = "ecdsa_secp256r1_sha256"}).key, "EC");
        EXPECT_EQ(ask(door, {.signatures = "rsa_pss_rsae_sha384"}).key, "RSA");
        EXPECT_EQ(ask(door).key, "EC");
    }
    if (!has_tls1_2()) {
        return;
    }
    for (const char* one :
         {"ecdsa_secp384r1_sha384",
          "ecdsa_secp521r1_sha512",
          "rsa_pkcs1_sha256",
          "rsa_pkcs1_sha384",
          "rsa_pkcs1_sha512"}) {
        all.emplace_back(one);
    }
    for (const Door door : all_doors) {
        EXPECT_THAT(signatures(door, TLS1_2_VERSION), UnorderedElementsAreArray(all))
            << to_string(door);
        EXPECT_EQ(ask(door, {.version = TLS1_2_VERSION, .signatures = "RSA+SHA256"}).key, "RSA");
        EXPECT_EQ(ask(door, {.version = TLS1_2_VERSION, .signatures = "ECDSA+SHA256"}).key, "EC");
    }
}

TEST_P(TlsProfile, WhoseOrderOfCiphersDecides) {
    const Names suites{"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"};
    for (const Door door : all_doors) {
        SCOPED_TRACE(to_string(door));
        const std::string ours = expected().server_preference ? suites[1] : suites[0];
        EXPECT_EQ(ask(door, {.suites = suites[0] + ":" + suites[1]}).cipher, ours);
        const std::string chacha = "TLS_CHACHA20_POLY1305_SHA256";
        EXPECT_EQ(ask(door, {.suites = chacha + ":" + suites[1]}).cipher, chacha)
            << "the client has no AES in hardware";
        if (has_tls1_2()) {
            const Names ciphers{"ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256"};
            EXPECT_EQ(
                ask(door, {.version = TLS1_2_VERSION, .ciphers = ciphers[0] + ":" + ciphers[1]})
                    .cipher,
                expected().server_preference ? ciphers[1] : ciphers[0]
            );
            const std::string first = "ECDHE-RSA-CHACHA20-POLY1305";
            EXPECT_EQ(
                ask(door, {.version = TLS1_2_VERSION, .ciphers = first + ":" + ciphers[1]}).cipher,
                first
            );
        }
    }
}

TEST_P(TlsProfile, Rfc7507_AFallbackThatIsNoneNeededIsRefused) {
    for (const Door door : all_doors) {
        const Answer answer = ask(door, {.version = TLS1_2_VERSION, .fallback = true});
        EXPECT_FALSE(answer.accepted);
        EXPECT_EQ(
            answer.alert, has_tls1_2() ? SSL_AD_INAPPROPRIATE_FALLBACK : SSL_AD_PROTOCOL_VERSION
        );
        EXPECT_TRUE(ask(door, {.version = TLS1_3_VERSION, .fallback = true}).accepted);
    }
}

TEST_P(TlsProfile, NoRenegotiationCompressionOrEarlyData) {
    for (const Door door : all_doors) {
        SCOPED_TRACE(to_string(door));
        if (has_tls1_2()) {
            const auto old = connect(door, {.version = TLS1_2_VERSION});
            ASSERT_TRUE(old->answer.accepted);
            SSL* const ssl = old->wire.ssl();
            EXPECT_EQ(SSL_get_secure_renegotiation_support(ssl), 1) << "RFC 5746";
            EXPECT_EQ(SSL_get_current_compression(ssl), nullptr);
            EXPECT_EQ(SSL_get_extms_support(ssl), 1) << "RFC 7627";
            if (door == Door::https) {  // FTPS: FtpsTls.Rfc8446_4_6_2_NoRenegotiation
                ASSERT_EQ(SSL_renegotiate(ssl), 1);
                EXPECT_NE(SSL_do_handshake(ssl), 1);
                EXPECT_EQ(old->answer.alert, SSL_AD_NO_RENEGOTIATION);
            }
        }
        const Answer answer = ask(door);
        ASSERT_NE(answer.session, nullptr);
        EXPECT_EQ(SSL_SESSION_get_max_early_data(answer.session.get()), 0U);
    }
}

/// A client that sends early data against what its ticket says.
TEST_P(TlsProfile, EarlyDataIsRejectedAndNeverReachesTheProxy) {
    const Answer first = ask(Door::https);
    ASSERT_NE(first.session, nullptr);
    const TlsSession forged(SSL_SESSION_dup(first.session.get()), SSL_SESSION_free);
    ASSERT_EQ(SSL_SESSION_set_max_early_data(forged.get(), 16384), 1);
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_client_method()), SSL_CTX_free
    );
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    const int fd = connect_to(port(Door::https));
    SSL_set_fd(ssl.get(), fd);
    SSL_set_session(ssl.get(), forged.get());
    SSL_set_tlsext_host_name(ssl.get(), "localhost");
    const std::string request = "GET /early HTTP/1.0\r\n\r\n";
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_early_data(ssl.get(), request.data(), request.size(), &written), 1);
    EXPECT_EQ(SSL_connect(ssl.get()), 1);
    EXPECT_EQ(SSL_session_reused(ssl.get()), 1);
    EXPECT_EQ(SSL_get_early_data_status(ssl.get()), SSL_EARLY_DATA_REJECTED);
    ::close(fd);
}

class TlsProfileClients : public TlsProfile {
  protected:
    [[nodiscard]] Outcome openssl(Door door, const std::vector<std::string>& more) const {
        std::vector<std::string> argv{
            "openssl",
            "s_client",
            "-connect",
            "127.0.0.1:" + std::to_string(port(door)),
            "-CAfile",
            Material::get().ca().string(),
            "-verify_return_error",
            "-servername",
            "localhost",
            "-verify_hostname",
            "localhost"};
        argv.insert(argv.end(), more.begin(), more.end());
        if (door == Door::ftps_explicit) {
            argv.insert(argv.end(), {"-starttls", "ftp"});
        }
        return run(argv);
    }
    [[nodiscard]] Outcome gnutls(Door door, const std::string& priority) const {
        std::vector<std::string> argv{
            "gnutls-cli",
            "--x509cafile",
            Material::get().ca().string(),
            "--priority",
            priority,
            "--port",
            std::to_string(port(door)),
            "localhost"};
        if (door == Door::ftps_explicit) {
            argv.insert(argv.end(), {"--starttls-proto", "ftp"});
        }
        return run(argv);
    }
};

INSTANTIATE_TEST_SUITE_P(
    Key,
    TlsProfileClients,
    ::testing::Combine(
        ::testing::Values(modern, intermediate, compatible), ::testing::Values(true)
    ),
    [](const auto& test) { return std::get<Expected>(test.param).profile; }
);

TEST_P(TlsProfileClients, OpensslAndGnutlsAgree) {
    for (const Door door : all_doors) {
        SCOPED_TRACE(to_string(door));
        const Outcome newest = openssl(door, {});
        EXPECT_THAT(newest.out, HasSubstr("New, TLSv1.3, Cipher is TLS_A")) << newest.error;
        EXPECT_THAT(newest.out, HasSubstr("Verify return code: 0 (ok)"));
        EXPECT_THAT(newest.out, HasSubstr("Early data was not sent"));
        const Outcome old = openssl(door, {"-tls1_2"});
        EXPECT_THAT(
            old.out,
            HasSubstr(
                has_tls1_2() ? "New, TLSv1.2, Cipher is ECDHE-ECDSA-AES"
                             : "New, (NONE), Cipher is (NONE)"
            )
        );
        if (has_tls1_2()) {
            EXPECT_THAT(old.out, HasSubstr("Secure Renegotiation IS supported"));
            EXPECT_THAT(old.out, HasSubstr("Compression: NONE"));
            EXPECT_THAT(old.out, HasSubstr("Extended master secret: yes"));
        }
        EXPECT_THAT(
            openssl(door, {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}).out,
            HasSubstr("New, (NONE), Cipher is (NONE)")
        );
        const Outcome gnu = gnutls(door, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
        EXPECT_THAT(gnu.out, HasSubstr("(TLS1.3-")) << gnu.error;
        const Outcome gnu_old = gnutls(door, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
        EXPECT_EQ(gnu_old.out.find("(TLS1.2-") != std::string::npos, has_tls1_2());
        const Outcome gnu_rsa =
            gnutls(door, "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA:+CIPHER-ALL");
        EXPECT_NE(gnu_rsa.code, 0);
        EXPECT_THAT(gnu_rsa.out, Not(HasSubstr("Handshake was completed")));
    }
}

}  // namespace
}  // namespace hsmfront::test
