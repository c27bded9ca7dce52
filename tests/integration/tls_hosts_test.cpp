// The layers of the TLS policy on the wire, and the host that a ClientHello chooses with all that
// belongs to it.
#include "tests/harness/program.hpp"
#include "tests/support/test_ca.hpp"
#include "tls_scene.hpp"

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using Names = std::vector<std::string>;

struct HostCredential {
    std::filesystem::path certificate;
    std::filesystem::path key;
};

std::string host(const std::string& name, const std::string& tls, const char* alias = "[rsa, ec]") {
    return "  " + name + ": { alias: " + alias + ", tls: { " + tls + " } }\n";
}

/// The same hosts on both protocols.
class TlsHosts : public TlsScene, public ::testing::WithParamInterface<Door> {
  protected:
    void serve(const std::string& hosts, const std::string& more = "") {
        config.ftp.extra = "hosts:\n" + hosts;
        config.http.extra = config.ftp.extra;
        config.extra = more;
        start();
    }
    [[nodiscard]] Answer say(Offer offer) const { return ask(GetParam(), std::move(offer)); }
    [[nodiscard]] Answer say(const std::string& name, Offer offer) const {
        offer.name = name;
        return say(std::move(offer));
    }
    /// "x.test" asks for certificates of this CA; `ann` has one.
    [[nodiscard]] std::string asks(const std::string& mode) {
        write_file(authorities_, ca_.pem());
        const auto key = make_key("P-256");
        write_file(ann.certificate, to_pem(ca_.issue_client(key.get(), "ann").get()));
        write_file(ann.key, to_pem(key.get()));
        return "client_certificate: { mode: " + mode + ", ca: " + authorities_.string() + " }";
    }

    HostCredential ann{scratch() / "ann.pem", scratch() / "ann.key"};

  private:
    TestCa ca_{"clients' CA"};
    std::filesystem::path authorities_ = scratch() / "clients.pem";
};

INSTANTIATE_TEST_SUITE_P(Door, TlsHosts, ::testing::ValuesIn(all_doors), [](const auto& door) {
    return to_string(door.param);
});

TEST_P(TlsHosts, EachHasItsOwnVersionsCiphersGroupsAndSignatures) {
    serve(
        host("new.test", "min_version: \"1.3\"") +
        host(
            "narrow.test",
            "ciphers: ECDHE-RSA-AES256-GCM-SHA384, ciphersuites: TLS_AES_256_GCM_SHA384, "
            "groups: P-521, signature_algorithms: rsa_pss_rsae_sha384",
            "rsa"
        ) +
        host("plain.test", "profile: intermediate")
    );
    for (const char* name : {"new.test", "narrow.test", "plain.test", "localhost"}) {
        EXPECT_EQ(say(name, {}).version, "TLSv1.3") << name;
    }
    const Answer old = say("new.test", {.version = TLS1_2_VERSION});
    EXPECT_FALSE(old.accepted);
    EXPECT_EQ(old.alert, SSL_AD_PROTOCOL_VERSION);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const Answer narrow = say("narrow.test", {.version = version});
        EXPECT_TRUE(narrow.accepted);
        EXPECT_THAT(narrow.cipher, ::testing::ContainsRegex("AES_?256.GCM"));
        EXPECT_EQ(narrow.group, "secp521r1");
        EXPECT_EQ(narrow.signature, "RSASSA-PSS SHA384");
        EXPECT_FALSE(say("narrow.test", {.version = version, .groups = "X25519"}).accepted);
        EXPECT_FALSE(
            say("narrow.test", {.version = version, .signatures = "rsa_pss_rsae_sha256"}).accepted
        );
        for (const char* name : {"plain.test", "localhost"}) {
            EXPECT_TRUE(say(name, {.version = version, .groups = "X25519"}).accepted);
            EXPECT_FALSE(say(name, {.version = version, .groups = "P-521"}).accepted);
        }
    }
    const std::string other = "ECDHE-RSA-AES128-GCM-SHA256";
    EXPECT_FALSE(say("narrow.test", {.version = TLS1_2_VERSION, .ciphers = other}).accepted);
    EXPECT_TRUE(say("plain.test", {.version = TLS1_2_VERSION, .ciphers = other}).accepted);
    EXPECT_FALSE(
        say("narrow.test", {.version = TLS1_3_VERSION, .suites = "TLS_AES_128_GCM_SHA256"}).accepted
    );
}

/// SSL_set_SSL_CTX() alone would leave the listener's in force.
TEST_P(TlsHosts, TheyMayAlsoAllowMoreThanTheRest) {
    serve(
        host("old.test", "profile: compatible"),
        "tls: { profile: modern, groups: P-384, ciphersuites: TLS_AES_128_GCM_SHA256, "
        "strict_sni: true }\n"
    );
    const Answer old = say("old.test", {.version = TLS1_2_VERSION, .groups = "X25519"});
    EXPECT_TRUE(old.accepted);
    EXPECT_TRUE(say("old.test", {.suites = "TLS_AES_256_GCM_SHA384"}).accepted);
    EXPECT_EQ(
        say("old.test", {.suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"}).cipher,
        "TLS_AES_128_GCM_SHA256"
    ) << "server_preference of compatible";
    EXPECT_FALSE(say({.version = TLS1_2_VERSION}).accepted);
    EXPECT_FALSE(say({.groups = "X25519"}).accepted);
    EXPECT_FALSE(say({.suites = "TLS_AES_256_GCM_SHA384"}).accepted);
}

TEST_P(TlsHosts, WhoseOrderDecidesIsTheHostsMatter) {
    serve(
        host("client.test", "server_preference: false"),
        "tls: { server_preference: true, min_version: \"1.2\" }\n"
    );
    const std::string suites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256";
    EXPECT_EQ(say("client.test", {.suites = suites}).cipher, "TLS_AES_256_GCM_SHA384");
    EXPECT_EQ(say({.suites = suites}).cipher, "TLS_AES_128_GCM_SHA256");
}

TEST_P(TlsHosts, ClientCertificatesAreTheHostsMatter) {
    serve(
        host("open.test", "client_certificate: { mode: none }") +
            host("asking.test", asks("request")) + host("closed.test", asks("require")),
        ""
    );
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        EXPECT_FALSE(say("open.test", {.version = version}).asked_for_certificate);
        EXPECT_FALSE(say("", {.version = version}).asked_for_certificate);
        const Answer asking = say("asking.test", {.version = version});
        EXPECT_TRUE(asking.accepted);
        EXPECT_TRUE(asking.asked_for_certificate);
        EXPECT_EQ(asking.authorities, 1);
        EXPECT_FALSE(say("closed.test", {.version = version}).accepted);
        EXPECT_TRUE(say("closed.test",
                        {.version = version, .certificate = ann.certificate, .key = ann.key})
                        .accepted);
    }
}

/// From the listener's demand to a host without.
TEST_P(TlsHosts, AHostMayDoWithoutClientCertificates) {
    const std::string demand = asks("require");
    serve(host("open.test", "client_certificate: { mode: none }"), "tls: { " + demand + " }\n");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const Answer open = say("open.test", {.version = version});
        EXPECT_TRUE(open.accepted);
        EXPECT_FALSE(open.asked_for_certificate);
        EXPECT_FALSE(say({.version = version}).accepted);
        // Its session opens no other door.
        EXPECT_FALSE(say({.version = version, .session = open.session}).accepted);
    }
}

TEST_P(TlsHosts, NoSessionIsResumedAtAnotherHost) {
    serve(host("a.test", "min_version: \"1.2\"") + host("b.test", "min_version: \"1.2\""));
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const std::string began : {"a.test", "localhost", ""}) {
            const Answer first = say(began, {.version = version});
            ASSERT_NE(first.session, nullptr);
            for (const std::string name : {"a.test", "b.test", "localhost", ""}) {
                // In TLS 1.3 the name does not belong to the session.
                const bool both_default = began != "a.test" && !name.ends_with(".test");
                const bool same = began == name || (both_default && version == TLS1_3_VERSION);
                const TlsSession session(SSL_SESSION_dup(first.session.get()), SSL_SESSION_free);
                const Answer again = say(name, {.version = version, .session = session});
                EXPECT_TRUE(again.accepted);
                EXPECT_EQ(again.resumed, same) << began << " at " << name << " in " << version;
            }
        }
    }
}

TEST_P(TlsHosts, ExactNameBeforeWildcardBeforeDefault) {
    serve(
        host("www.wild.test", "min_version: \"1.2\"", "ec") +
        host("\"*.wild.test\"", "groups: P-384", "rsa")
    );
    EXPECT_EQ(say("www.wild.test", {}).key, "EC");
    EXPECT_EQ(say("WWW.Wild.Test", {.groups = "X25519"}).key, "EC");
    EXPECT_EQ(say("ftp.wild.test", {}).key, "RSA");
    EXPECT_EQ(say("ftp.wild.test", {}).group, "secp384r1");
    for (const char* name : {"wild.test", "a.b.wild.test", "", "other.test"}) {
        EXPECT_EQ(say(name, {.signatures = "ecdsa_secp256r1_sha256"}).key, "EC") << name;
        EXPECT_EQ(say(name, {}).group, "X25519") << name;
    }
}

TEST_P(TlsHosts, StrictSniRefusesNamesThatAreNotOurs) {
    serve(host("a.test", "min_version: \"1.2\""), "tls: { strict_sni: true }\n");
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const char* name : {"nowhere.test", "b.a.test", "localhost.localdomain"}) {
            const Answer refused = say(name, {.version = version});
            EXPECT_FALSE(refused.accepted) << name;
            EXPECT_EQ(refused.alert, SSL_AD_UNRECOGNIZED_NAME) << name;
        }
        // A host; in the certificate; none; addresses, which are no names.
        for (const char* name : {"a.test", "LocalHost", "", "192.0.2.1", "::1"}) {
            EXPECT_TRUE(say(name, {.version = version}).accepted) << name;
        }
    }
    EXPECT_TRUE(front->logged("asks for \"nowhere.test\" (SNI), which is no host of ours"));
}

TEST_P(TlsHosts, Rfc8446_4_1_2_TheSecondClientHelloAsksForTheSameName) {
    serve(host("a.test", "groups: P-256") + host("b.test", "groups: P-256"));
    Offer offer{.version = TLS1_3_VERSION, .groups = "P-521:P-256", .name = "a.test"};
    offer.second_name = "a.test";
    EXPECT_TRUE(say(offer).accepted);
    for (const char* second : {"b.test", "localhost"}) {
        offer.second_name = second;
        const Answer answer = say(offer);
        EXPECT_FALSE(answer.accepted);
        EXPECT_EQ(answer.alert, SSL_AD_ILLEGAL_PARAMETER) << second;
    }
}

TEST_P(TlsHosts, Rfc7301_3_2_AlpnIsStrict) {
    serve(host("a.test", "min_version: \"1.2\""));
    const bool web = GetParam() == Door::https;
    const Names foreign = web ? Names{"ftp", "ftp-data", "smtp", "imap"}
                              : Names{"http/1.1", "h2", "http/1.0", "ftp-data", "smtp"};
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const char* name : {"a.test", "localhost"}) {
            for (const std::string& one : foreign) {
                const Answer refused = say(name, {.version = version, .alpn = {one}});
                EXPECT_FALSE(refused.accepted) << one;
                EXPECT_EQ(refused.alert, SSL_AD_NO_APPLICATION_PROTOCOL) << one;
            }
            EXPECT_TRUE(say(name, {.version = version}).accepted) << "names none";
            const std::string ours = web ? "http/1.1" : "ftp";
            EXPECT_EQ(say(name, {.version = version, .alpn = {foreign[0], ours}}).alpn, ours);
        }
        if (web) {
            EXPECT_EQ(say({.version = version, .alpn = {"http/1.1", "h2"}}).alpn, "h2");
        }
    }
}

class TlsLayers : public TlsScene {};

TEST_F(TlsLayers, EachProtocolHasItsOwn) {
    config.http.extra = "tls: { profile: modern }\nhttp2: false\n";
    config.ftp.extra = "tls: { profile: compatible }\n";
    config.extra = "tls: { groups: P-384 }\n";
    start();
    EXPECT_FALSE(ask(Door::https, {.version = TLS1_2_VERSION}).accepted);
    EXPECT_EQ(ask(Door::https).group, "X25519") << "a profile replaces what lies below";
    const Answer refused = ask(Door::https, {.alpn = {"h2"}});
    EXPECT_EQ(refused.alert, SSL_AD_NO_APPLICATION_PROTOCOL) << "http2: false";
    for (const Door door : {Door::ftps_explicit, Door::ftps_implicit}) {
        const std::string cbc = "ECDHE-RSA-AES128-SHA";
        EXPECT_EQ(ask(door, {.version = TLS1_2_VERSION, .ciphers = cbc}).cipher, cbc);
    }
}

TEST_F(TlsLayers, HttpTwoIsNotSpokenWithCbc) {
    config.http.extra = "tls: { profile: compatible }\n";
    start();
    const Offer cbc{
        .version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-SHA", .alpn = {"h2", "http/1.1"}};
    EXPECT_EQ(ask(Door::https, cbc).alpn, "http/1.1");  // RFC 9113 §9.2.2
}

class TlsHostCommand : public TlsScene {
  protected:
    TlsHostCommand() {
        config.ftp.extra = "hosts:\n" + host("new.test", "min_version: \"1.3\"") +
                           host("same.test", "groups: P-384", "rsa") +
                           "  plain.test: { alias: rsa }\n";
        start();
    }
    [[nodiscard]] Answer say(const std::string& host, const std::string& sni, int version) const {
        return ask(Door::ftps_explicit, {.version = version, .name = sni, .host = host});
    }
};

TEST_F(TlsHostCommand, Rfc7151_4_HostBeforeAuthPicksThePolicyToo) {
    EXPECT_TRUE(say("new.test", "", TLS1_3_VERSION).accepted);
    EXPECT_EQ(say("new.test", "", TLS1_2_VERSION).alert, SSL_AD_PROTOCOL_VERSION);
    EXPECT_EQ(say("same.test", "same.test", TLS1_2_VERSION).group, "secp384r1");
}

/// The name in TLS is the later word, and the policy is always that of the host it leads to.
TEST_F(TlsHostCommand, SniGoesBeforeHost) {
    for (const char* name : {"plain.test", "localhost"}) {
        EXPECT_EQ(say("same.test", name, TLS1_2_VERSION).group, "X25519") << name;
        EXPECT_TRUE(say("new.test", name, TLS1_2_VERSION).accepted) << name;
        EXPECT_FALSE(
            say(name == std::string("localhost") ? "same.test" : name, "new.test", TLS1_2_VERSION)
                .accepted
        );
    }
    EXPECT_EQ(say("same.test", "127.0.0.1", TLS1_2_VERSION).group, "secp384r1") << "is no name";
}

struct BadValue {
    std::string name;
    std::string where;  ///< key of the layer: "tls"
    std::string value;  ///< YAML of its entry
    std::string says;   ///< in the error
};

void PrintTo(const BadValue& bad, std::ostream* out) { *out << bad.name; }

class TlsBadValue : public TlsScene, public ::testing::WithParamInterface<BadValue> {
  protected:
    /// The configuration with it.
    void spoil() {
        const std::string tls = "tls: { " + GetParam().value + " }\n";
        if (GetParam().where == "tls") {
            config.extra = tls;
        } else if (GetParam().where == "http.tls") {
            config.http.extra = tls;
        } else {
            config.http.extra = "hosts:\n" + host("a.test", GetParam().value);
        }
        write_file(scratch() / "hsmfront.yaml", config.yaml());
    }
};

INSTANTIATE_TEST_SUITE_P(
    Key,
    TlsBadValue,
    ::testing::Values(
        BadValue{
            "UnknownCipher",
            "tls",
            "ciphers: \"ECDHE-RSA-AES128-GCM-SHA256:NONSENSE\"",
            "tls.ciphers: \"NONSENSE\" is no cipher of TLS 1.2 that OpenSSL has; \"openssl"},
        BadValue{
            "StaticRsa",
            "http.tls",
            "ciphers: AES128-GCM-SHA256",
            "http.tls.ciphers: \"AES128-GCM-SHA256\" has RSA key exchange"},
        BadValue{
            "Anonymous",
            "tls",
            "ciphers: \"aNULL\"",
            "tls.ciphers: \"aNULL\" has RSA key exchange, or no"},
        BadValue{
            "SuiteAmongCiphers",
            "tls",
            "ciphers: TLS_AES_128_GCM_SHA256",
            "belong to ciphersuites"},
        BadValue{
            "UnknownSuiteOfAHost",
            "host",
            "ciphersuites: \"TLS_AES_128_GCM_SHA256:TLS_X\"",
            "http.hosts[a.test].tls.ciphersuites: \"TLS_X\" is no cipher suite of TLS 1.3"},
        BadValue{
            "UnknownGroup",
            "http.tls",
            "groups: \"X25519:P-1\"",
            "http.tls.groups: \"P-1\" is no group"},
        BadValue{
            "UnknownSignature",
            "tls",
            "signature_algorithms: md5",
            "tls.signature_algorithms: \"md5\" is no"},
        BadValue{
            "SignatureOfNoKey",
            "http.tls",
            "signature_algorithms: ed25519",
            "none of the signature algorithms \"ed25519\""}
    ),
    [](const auto& test) { return test.param.name; }
);

TEST_P(TlsBadValue, IsToldByCheckAtTheStartAndByReload) {
    take_keys_from_files();
    start();
    spoil();
    const Outcome check = run({program(), "check", "-c", (scratch() / "hsmfront.yaml").string()});
    EXPECT_EQ(check.code, 2);
    EXPECT_THAT(check.error, HasSubstr(GetParam().says));
    front->process().signal(SIGHUP);
    EXPECT_TRUE(front->logged("reload failed, nothing was changed"));
    EXPECT_THAT(front->line_with("reload failed"), HasSubstr(GetParam().says));
    EXPECT_TRUE(ask(Door::https).accepted);
    EXPECT_EQ(front->process().stop(), 0);
    launch();
    EXPECT_TRUE(front->logged("protocol http does not start: "));
    EXPECT_THAT(front->line_with("http does not start"), HasSubstr(GetParam().says));
    if (GetParam().where == "tls") {
        EXPECT_EQ(front->process().wait(20s), 1);
    }
    front.reset();
}

}  // namespace
}  // namespace hsmfront::test
