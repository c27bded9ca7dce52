// TLS policy: profiles, and the layers that lie over each other.
#include "config/tls_layers.hpp"

#include "config/yaml_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string sound_base = R"(
certificates: /c
http:
  enabled: true
  hsm: { enabled: false }
  alias: a
  backend: { address: 127.0.0.1, port: 8080 }
)";

Settings settings_of(const std::string& more) {
    const auto result = load_text(sound_base + more, "/etc/f.yaml");
    EXPECT_THAT(result.problems, IsEmpty()) << render(result.problems);
    return result.settings;
}

std::vector<std::string> problems_of(const std::string& more) {
    std::vector<std::string> found;
    for (const Problem& problem : load_text(sound_base + more, "/etc/f.yaml").problems) {
        found.push_back(render(problem));
    }
    return found;
}

const std::string plain_listener = "  listen: [{ address: 127.0.0.1, port: 443 }]\n";

TEST(TlsProfile, ModernIsTls13Only) {
    EXPECT_EQ(Tls(TlsProfile::modern).min_version, TlsVersion::tls1_3);
    EXPECT_EQ(Tls(TlsProfile::intermediate).min_version, TlsVersion::tls1_2);
    EXPECT_EQ(Tls(TlsProfile::compatible).min_version, TlsVersion::tls1_2);
}

TEST(TlsProfile, OnlyCompatibleHasCbcAndItsOwnOrder) {
    EXPECT_THAT(Tls(TlsProfile::intermediate).ciphers, Not(HasSubstr("AES128-SHA")));
    EXPECT_THAT(Tls(TlsProfile::compatible).ciphers, HasSubstr("ECDHE-RSA-AES128-SHA"));
    EXPECT_FALSE(Tls(TlsProfile::intermediate).server_preference);
    EXPECT_TRUE(Tls(TlsProfile::compatible).server_preference);
}

TEST(TlsLayers, WithoutAnyThePolicyIsIntermediate) {
    const Settings settings = settings_of(plain_listener);
    EXPECT_EQ(resolve_tls(http_tls_layers(settings), 0, nullptr), Tls(TlsProfile::intermediate));
}

TEST(TlsLayers, TheMoreSpecificWins) {
    const Settings settings = settings_of(R"(
  listen:
    - { address: 127.0.0.1, port: 443 }
    - { address: 127.0.0.1, port: 444, client_certificate: { mode: require, depth: 0 } }
  tls: { profile: compatible, groups: P-384 }
  hosts:
    a.example: { alias: b, tls: { min_version: "1.3", client_certificate: { mode: none } } }
    b.example: { alias: b }
tls:
  ciphers: ECDHE+AESGCM
  groups: P-256
  strict_sni: true
  client_certificate: { mode: request, ca: ca.pem, crl: [one.crl, /two.crl] }
)");
    const TlsLayers layers = http_tls_layers(settings);
    const Tls common = resolve_tls(layers, 0, nullptr);
    EXPECT_EQ(common.ciphers, Tls(TlsProfile::compatible).ciphers)
        << "a profile replaces what more general layers say";
    EXPECT_EQ(common.groups, "P-384");
    EXPECT_TRUE(common.strict_sni);
    EXPECT_EQ(common.client_certificate.mode, ClientCertificateMode::request);
    EXPECT_EQ(common.client_certificate.ca, "/etc/ca.pem");
    EXPECT_THAT(common.client_certificate.crl, testing::ElementsAre("/etc/one.crl", "/two.crl"));
    EXPECT_EQ(common.client_certificate.depth, 5U);

    const Tls strict = resolve_tls(layers, 1, nullptr);
    EXPECT_EQ(strict.client_certificate.mode, ClientCertificateMode::require);
    EXPECT_EQ(strict.client_certificate.depth, 0U);
    EXPECT_EQ(strict.client_certificate.ca, "/etc/ca.pem");

    const Tls host = resolve_tls(layers, 1, &settings.http.hosts[0]);
    EXPECT_EQ(host.min_version, TlsVersion::tls1_3);
    EXPECT_EQ(host.client_certificate.mode, ClientCertificateMode::none);
    EXPECT_EQ(resolve_tls(layers, 1, &settings.http.hosts[1]), strict);
}

TEST(TlsLayers, AFreeModeNeedsNoCa) {
    EXPECT_THAT(
        problems_of(plain_listener + "tls: { client_certificate: { mode: none } }\n"), IsEmpty()
    );
}

TEST(TlsLayers, TheLayerThatAsksIsToldThatTheCaIsMissing) {
    const std::string missing = "client_certificate.ca: is missing";
    EXPECT_THAT(
        problems_of(plain_listener + "tls: { client_certificate: { mode: require } }\n"),
        testing::ElementsAre(HasSubstr(" tls." + missing))
    );
    EXPECT_THAT(
        problems_of(plain_listener + "  tls: { client_certificate: { mode: require } }\n"),
        testing::ElementsAre(HasSubstr("http.tls." + missing))
    );
    EXPECT_THAT(
        problems_of("  listen: [{ address: 127.0.0.1, port: 443, "
                    "client_certificate: { mode: request } }]\n"),
        testing::ElementsAre(HasSubstr("http.listen[0]." + missing))
    );
    EXPECT_THAT(
        problems_of(
            plain_listener +
            "  hosts: { h.example: { alias: b, tls: { client_certificate: { mode: require } } } }\n"
        ),
        testing::ElementsAre(HasSubstr("http.hosts[h.example].tls." + missing))
    );
}

TEST(TlsLayers, ValuesAreChecked) {
    EXPECT_THAT(
        problems_of(plain_listener + "  tls: { profile: old }\n"),
        testing::ElementsAre(HasSubstr("http.tls.profile"))
    );
    EXPECT_THAT(
        problems_of(
            plain_listener + "tls: { client_certificate: { allow: { fingerprints: [AB:CD] } } }\n"
        ),
        testing::ElementsAre(HasSubstr("64 lower-case hexadecimal digits"))
    );
    EXPECT_THAT(
        problems_of(plain_listener + "tls: { stapling: { responder: \"https://x/\" } }\n"),
        testing::ElementsAre(HasSubstr("http://ocsp.example.com/"))
    );
    EXPECT_THAT(
        problems_of(plain_listener + "tls: { session_cache: 1KiB }\n"),
        testing::ElementsAre(HasSubstr("tls.session_cache"))
    );
}

TEST(TlsLayers, AHostSaysNothingAboutOtherNames) {
    EXPECT_THAT(
        problems_of(
            plain_listener + "  hosts: { h.example: { alias: b, tls: { strict_sni: true } } }\n"
        ),
        testing::ElementsAre(HasSubstr("http.hosts[h.example].tls.strict_sni: is about names"))
    );
}

TEST(TlsSection, NoneIsNothing) {
    const Settings settings = settings_of(
        plain_listener +
        "tls: { tickets: { keys: none }, session_cache: none, "
        "client_certificate: { crl: none } }\n"
    );
    EXPECT_THAT(settings.tls.tickets.keys, IsEmpty());
    EXPECT_EQ(settings.tls.session_cache, 0U);
    EXPECT_THAT(*settings.tls.policy.client_certificate.crl, IsEmpty());
}

TEST(TlsSection, PathsAreThoseOfTheFilesFolder) {
    const Settings settings =
        settings_of(plain_listener + "tls: { tickets: { keys: [a.key, /b.key] } }\n");
    EXPECT_THAT(settings.tls.tickets.keys, testing::ElementsAre("/etc/a.key", "/b.key"));
}

}  // namespace
}  // namespace hsmfront::config
