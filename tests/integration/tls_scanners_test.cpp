// What scanners say: sslscan and testssl.sh find nothing to complain about in modern and
// intermediate. What testssl.sh asks is long (./check --long) but for its protocols.
#include "tls_scene.hpp"

#include <regex>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Names = std::vector<std::string>;

class Scanned : public TlsScene,
                public ::testing::WithParamInterface<std::tuple<std::string, Door>> {
  protected:
    Scanned() {
        config.extra = "tls: { profile: " + profile() + " }\n";
        start();
    }
    [[nodiscard]] static std::string profile() { return std::get<std::string>(GetParam()); }
    [[nodiscard]] static Door door() { return std::get<Door>(GetParam()); }
    [[nodiscard]] static bool modern() { return profile() == "modern"; }

    /// Its findings of severity LOW and above: "severity id: finding".
    [[nodiscard]] Names testssl(Names questions) const {
        const auto file = scratch() / "testssl.json";
        Names argv{
            "testssl",
            "--quiet",
            "--color",
            "0",
            "--warnings",
            "off",
            "--nodns",
            "none",
            "--ip",
            "127.0.0.1",
            "--jsonfile",
            file.string()};
        argv.insert(argv.end(), questions.begin(), questions.end());
        if (door() == Door::ftps_explicit) {
            argv.insert(argv.end(), {"-t", "ftp"});
        }
        argv.push_back("localhost:" + std::to_string(port(door())));
        const Outcome outcome = run(argv, 20min, {{"HOME", scratch().string()}});
        const std::string found = text_of(file);
        EXPECT_THAT(found, HasSubstr("scanTime")) << "it did not finish\n" << outcome.out;
        const std::regex entry(
            R"re("id"\s*:\s*"([^"]*)"[^}]*"severity"\s*:\s*"([^"]*)"[^}]*"finding"\s*:\s*"([^"]*)")re"
        );
        Names findings;
        for (std::sregex_iterator i(found.begin(), found.end(), entry), end; i != end; ++i) {
            const std::string severity = (*i)[2];
            if (severity != "OK" && severity != "INFO") {
                findings.push_back(severity + " " + (*i)[1].str() + ": " + (*i)[3].str());
            }
        }
        return findings;
    }
};

const auto profiles =
    ::testing::Combine(::testing::Values("modern", "intermediate"), ::testing::ValuesIn(all_doors));

std::string name_of(const ::testing::TestParamInfo<std::tuple<std::string, Door>>& test) {
    return std::get<std::string>(test.param) + "_" + to_string(std::get<Door>(test.param));
}

/// Values of `attribute` in the elements that begin with `element`.
Names values(const std::string& xml, const std::string& element, const std::string& attribute) {
    const std::regex pattern("<" + element + R"x([^>]*\b)x" + attribute + R"x(="([^"]*)")x");
    Names found;
    for (std::sregex_iterator i(xml.begin(), xml.end(), pattern), end; i != end; ++i) {
        found.push_back((*i)[1]);
    }
    return found;
}

class Sslscan : public Scanned {};
INSTANTIATE_TEST_SUITE_P(Profile, Sslscan, profiles, name_of);

TEST_P(Sslscan, FindsNothingWeak) {
    Names argv{"sslscan", "--xml=-", "--show-sigs", "--sni-name=localhost"};
    if (door() == Door::ftps_explicit) {
        argv.emplace_back("--starttls-ftp");
    }
    argv.push_back("127.0.0.1:" + std::to_string(port(door())));
    const std::string xml = run(argv).out;
    Names enabled;
    for (const std::string& version : values(xml, "protocol", "version")) {
        if (xml.find("version=\"" + version + "\" enabled=\"1\"") != std::string::npos) {
            enabled.push_back(version);
        }
    }
    EXPECT_EQ(enabled, modern() ? Names{"1.3"} : (Names{"1.2", "1.3"})) << xml;
    const std::size_t suites = modern() ? 3 : 9;
    EXPECT_EQ(values(xml, "cipher", "cipher").size(), suites) << xml;
    for (const std::string& strength : values(xml, "cipher", "strength")) {
        EXPECT_TRUE(strength == "strong" || strength == "acceptable") << xml;
    }
    EXPECT_EQ(values(xml, "group", "name").size(), modern() ? 3U : 6U) << xml;
    EXPECT_EQ(values(xml, "connection-signature-algorithm", "name").size(), 4U)
        << "of the newest version\n"
        << xml;
    EXPECT_THAT(xml, HasSubstr("<renegotiation supported=\"0\""));
    EXPECT_THAT(xml, Not(HasSubstr("vulnerable=\"1\"")));
    EXPECT_THAT(xml, Not(HasSubstr("<compression supported=\"1\"")));
    EXPECT_THAT(xml, Not(HasSubstr("<fallback supported=\"0\"")));
}

class LongTransferTestssl : public Scanned {};
INSTANTIATE_TEST_SUITE_P(Profile, LongTransferTestssl, profiles, name_of);

/// Not ours to heal: what the test's CA leaves out of its certificates, and questions that need
/// the Internet or another OpenSSL.
const std::regex allowed(
    "\\w+ ("
    "engine_problem"                       // its own OpenSSL has no GOST
    "|cert_trust.*|cert_chain_of_trust.*"  // of a CA that it does not know
    "|cert_revocation.*|cert_crlDistributionPoints.*|cert_ocspURL.*"  // the CA serves none
    "|OCSP_stapling.*"  // so there is nothing to staple
    "|DNS_CAArecord.*|cert_mustStapleExtension.*"
    "|cert_validityPeriod.*|cert_extlifeSpan.*|cert_expirationStatus.*"  // 825 days, private CA
    "|certificate_transparency.*"
    "|optimal_proto|cert_commonName_wo_SNI.*"
    "|cipher_order"              // the client's, as Mozilla's intermediate has it: all are strong
    "|sessionresumption_ticket"  // its question fails to connect
    ")"
    ".*"
);

TEST_P(LongTransferTestssl, FindsNothingWeak) {
    for (const std::string& finding : testssl({"-p", "-s", "-f", "-P", "-S", "-U"})) {
        EXPECT_TRUE(std::regex_match(finding, allowed)) << finding;
    }
}

}  // namespace
}  // namespace hsmfront::test
