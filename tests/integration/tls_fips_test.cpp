// tls.fips: cryptography by OpenSSL's FIPS provider, or no start.
#include "tests/harness/program.hpp"
#include "tls_scene.hpp"

#include <cstdlib>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

class TlsFips : public TlsScene {
  protected:
    TlsFips() { config.extra = "tls: { fips: true }\n"; }
};

TEST_F(TlsFips, IsRefusedWhereOpensslHasNoneThatStarts) {
    config.env["OPENSSL_MODULES"] = scratch().string();
    launch();
    EXPECT_EQ(front->process().wait(20s), 1);
    const std::string says = "tls.fips: OpenSSL's FIPS provider cannot be used: there is no " +
                             (scratch() / "fips.so").string() + "; install it";
    EXPECT_THAT(front->line_with("tls.fips"), HasSubstr(says));
    const std::string file = (scratch() / "hsmfront.yaml").string();
    const Outcome check = run({program(), "check", "-c", file}, 60s, config.env);
    EXPECT_EQ(check.code, 2);
    EXPECT_THAT(check.error, HasSubstr(says));
    const Outcome doctor = run({program(), "doctor", "-c", file}, 60s, config.env);
    EXPECT_EQ(doctor.code, 1);
    EXPECT_THAT(doctor.out, HasSubstr("there is no " + (scratch() / "fips.so").string()));
    // One that does not start.
    write_file(scratch() / "fips.so", "no library");
    const Outcome broken = run({program(), "check", "-c", file}, 60s, config.env);
    EXPECT_EQ(broken.code, 2);
    EXPECT_THAT(broken.error, HasSubstr("fips.so does not start; "));
    EXPECT_THAT(broken.error, HasSubstr("fipsinstall"));
}

/// Where OpenSSL looks for its providers.
std::filesystem::path modules() {
    if (const char* given = std::getenv("OPENSSL_MODULES")) {
        return given;
    }
    const std::string told = run({"openssl", "version", "-m"}).out;  // MODULESDIR: "/usr/lib/..."
    const auto begin = told.find('"') + 1;
    return told.substr(begin, told.rfind('"') - begin);
}

TEST_F(TlsFips, ServesWithKeysInTheTokenAndWithoutWhatFipsForbids) {
    if (!std::filesystem::exists(modules() / "fips.so")) {
        GTEST_SKIP() << "there is no " << modules() / "fips.so"
                     << "; Debian builds none";
    }
    start();
    EXPECT_EQ(front->error_lines(), 0U);
    for (const Door door : all_doors) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            for (const char* signature : {"ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256"}) {
                const Offer offer{.version = version, .groups = "P-256", .signatures = signature};
                const Answer first = ask(door, offer);
                EXPECT_TRUE(first.accepted) << to_string(door) << signature;
                Offer again = offer;
                again.session = first.session;
                EXPECT_TRUE(ask(door, again).resumed) << to_string(door) << version;
            }
        }
        EXPECT_FALSE(ask(door,
                         {.version = TLS1_3_VERSION, .suites = "TLS_CHACHA20_POLY1305_SHA256"})
                         .accepted);
        EXPECT_FALSE(ask(door, {.version = TLS1_2_VERSION, .ciphers = "ECDHE+CHACHA20"}).accepted);
    }
    const std::string file = (scratch() / "hsmfront.yaml").string();
    EXPECT_THAT(
        run({program(), "doctor", "-c", file}, 60s, config.env).out,
        HasSubstr("FIPS provider passes its self test")
    );
}

}  // namespace
}  // namespace hsmfront::test
