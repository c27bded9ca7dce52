// Which client certificates are let in, at every door: HTTPS, explicit and implicit FTPS.
#include "client_scene.hpp"
#include "tests/harness/front_stage.hpp"
#include "tests/harness/material.hpp"
#include "tests/harness/wire.hpp"

#include <gmock/gmock.h>

#include <array>
#include <csignal>

namespace hsmfront::test {
namespace {

using ::testing::StartsWith;

enum class Door { https, explicit_ftps, implicit_ftps };

/// Nobody is behind the proxy: who is let in is told so.
class ClientPolicy : public FrontStage,
                     public ::testing::WithParamInterface<std::tuple<Door, int>> {
  protected:
    ClientPolicy() {
        config.hsm.present = false;
        config.certificates = Material::get().key_files();
        config.ftp.hsm = false;
        config.ftp.alias = "ec";
        config.ftp.backend_port = ports.next();
        config.http.hsm = false;
        config.http.alias = "ec";
        config.http.backend_port = ports.next();
    }

    /// `more` of tls.client_certificate, for all.
    void ask(const std::string& mode, const std::string& more = "") {
        config.extra = "tls: { client_certificate: { mode: " + mode +
                       ", ca: " + clients.ca_file().string() + more + " } }\n";
    }
    [[nodiscard]] std::string crl() const { return ", crl: " + clients.crl_file().string(); }
    /// A host of both protocols whose clients are asked for certificates as `policy` says.
    void add_host(const std::string& name, const std::string& policy) {
        for (std::string* section : {&config.ftp.extra, &config.http.extra}) {
            *section += (section->empty() ? "hosts:\n" : "") + std::string("  ") + name +
                        ": { alias: ec, tls: { client_certificate: { " + policy + " } } }\n";
        }
    }

    static Door door() { return std::get<Door>(GetParam()); }
    static int version() { return std::get<int>(GetParam()); }
    /// What a client is told that shows none where one is required.
    static int required_alert() {
        return version() == TLS1_3_VERSION ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE;
    }

    [[nodiscard]] std::uint16_t port() const {
        return door() == Door::https           ? config.http.port
               : door() == Door::explicit_ftps ? config.ftp.explicit_port
                                               : config.ftp.implicit_port;
    }
    /// Up to the handshake.
    [[nodiscard]] Wire approach() const {
        Wire wire = Wire::connect("127.0.0.1", port());
        if (door() == Door::explicit_ftps) {
            EXPECT_THAT(wire.line(), StartsWith("220"));
            wire.send("AUTH TLS\r\n");
            EXPECT_THAT(wire.line(), StartsWith("234"));
        }
        return wire;
    }
    Visit knock(
        const Credential& shown,
        const TlsSession& session = nullptr,
        const std::string& name = "localhost"
    ) const {
        const ContextPtr context = context_of(version(), shown);
        Visit visit;
        watch(context.get(), visit);
        Wire wire = approach();
        static_cast<void>(wire.secure(context.get(), session, name));
        if (door() == Door::https) {
            wire.send(
                "GET / HTTP/1.1\r\nHost: " + (name.empty() ? "localhost" : name) + "\r\n\r\n"
            );
        }
        const std::string said = wire.line();
        visit.let_in = said.starts_with("HTTP/1.1 502") || said.starts_with("421");
        visit.resumed = SSL_session_reused(wire.ssl()) == 1;
        wire.finish();  // else OpenSSL gives the session up
        return visit;
    }
    void expect_in(const Credential& shown, const std::string& name = "localhost") const {
        const Visit visit = knock(shown, nullptr, name);
        EXPECT_TRUE(visit.let_in) << name;
        EXPECT_EQ(visit.alert, 0) << name;
    }
    void expect_alert(int alert, const Credential& shown, const std::string& name = "localhost")
        const {
        const Visit visit = knock(shown, nullptr, name);
        EXPECT_FALSE(visit.let_in) << name;
        EXPECT_EQ(visit.alert, alert) << name;
    }
    [[nodiscard]] Credential ann() const { return clients.make(clients.root, {"ann"}).files; }

    Clients clients{scratch()};
};

std::string name_of_instance(const ::testing::TestParamInfo<std::tuple<Door, int>>& instance) {
    static constexpr std::array<const char*, 3> doors{"Https", "ExplicitFtps", "ImplicitFtps"};
    const auto [door, version] = instance.param;
    return std::string(doors.at(static_cast<std::size_t>(door))) +
           (version == TLS1_2_VERSION ? "1_2" : "1_3");
}

INSTANTIATE_TEST_SUITE_P(
    Tls,
    ClientPolicy,
    ::testing::Combine(
        ::testing::Values(Door::https, Door::explicit_ftps, Door::implicit_ftps),
        ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION)
    ),
    name_of_instance
);

TEST_P(ClientPolicy, JudgesChains) {
    ask("require", ", depth: 1");
    start();
    const Clients& c = clients;
    expect_in(ann());
    expect_in(c.make(c.sub, {"sue"}, c.sub.pem()).files);
    expect_alert(required_alert(), {});
    expect_alert(SSL_AD_UNKNOWN_CA, c.make(c.sub, {"sid"}).files);
    EXPECT_TRUE(front->logged("client certificate \"CN=sid\": unable to get"));
    expect_alert(SSL_AD_UNKNOWN_CA, c.make(TestCa("strangers"), {"eve"}).files);
    expect_alert(SSL_AD_UNKNOWN_CA, c.self_signed());
    EXPECT_TRUE(front->logged("client certificate \"CN=eve\": self-signed certificate"));
    expect_alert(
        SSL_AD_UNKNOWN_CA, c.make(c.below_sub, {"deep"}, c.below_sub.pem() + c.sub.pem()).files
    );
    expect_alert(
        SSL_AD_CERTIFICATE_EXPIRED, c.make(c.root, {"old", "clientAuth", {}, -48h, -24h}).files
    );
    EXPECT_TRUE(front->logged("client certificate \"CN=old\": certificate has expired"));
    expect_alert(
        SSL_AD_BAD_CERTIFICATE, c.make(c.root, {"young", "clientAuth", {}, 24h, 48h}).files
    );
    EXPECT_TRUE(front->logged("client certificate \"CN=young\": certificate is not yet valid"));
    expect_alert(SSL_AD_UNSUPPORTED_CERTIFICATE, c.make(c.root, {"www", "serverAuth"}).files);
    EXPECT_TRUE(front->logged("client certificate \"CN=www\": unsuitable certificate purpose"));
}

TEST_P(ClientPolicy, DepthZeroIsForTheCasOwnClients) {
    ask("require", ", depth: 0");
    start();
    expect_in(ann());
    expect_alert(SSL_AD_UNKNOWN_CA, clients.make(clients.sub, {"sue"}, clients.sub.pem()).files);
}

TEST_P(ClientPolicy, JudgesByCrls) {
    const Clients& c = clients;
    const auto rob = c.make(c.root, {"rob"});
    const auto sly = c.make(c.sub, {"sly"}, c.sub.pem());
    c.revoke({rob.certificate.get(), c.revoked_sub.certificate()}, {sly.certificate.get()});
    ask("require", crl());
    start();
    expect_in(ann());
    expect_in(c.make(c.sub, {"sue"}, c.sub.pem()).files);
    expect_alert(SSL_AD_CERTIFICATE_REVOKED, rob.files);
    EXPECT_TRUE(front->logged("client certificate \"CN=rob\": certificate revoked"));
    expect_alert(SSL_AD_CERTIFICATE_REVOKED, sly.files);
    expect_alert(
        SSL_AD_CERTIFICATE_REVOKED, c.make(c.revoked_sub, {"meg"}, c.revoked_sub.pem()).files
    );
    EXPECT_TRUE(front->logged("\"CN=meg\": its CA \"CN=revoked sub\": certificate revoked"));
    expect_alert(
        SSL_AD_CERTIFICATE_UNKNOWN, c.make(c.silent_sub, {"sal"}, c.silent_sub.pem()).files
    );
    EXPECT_TRUE(front->logged("\"CN=sal\": no CRL of the issuer \"CN=silent sub\""));
}

TEST_P(ClientPolicy, HigherCasNeedNoCrl) {
    clients.replace(clients.crl_file(), to_pem(clients.sub.crl({}).get()));
    ask("require", crl());
    start();
    expect_in(clients.make(clients.sub, {"sue"}, clients.sub.pem()).files);
    expect_alert(SSL_AD_CERTIFICATE_UNKNOWN, ann());
}

TEST_P(ClientPolicy, IsThatOfTheHost) {
    const auto all = clients.make(
        clients.root,
        {"ann",
         "clientAuth",
         {"DNS:ann.example", "email:ann@mail.example", "URI:urn:ann", "IP:192.0.2.7"}}
    );
    const Credential bob = clients.make(clients.root, {"bob"}).files;
    const Credential eve = clients.make(TestCa("strangers"), {"eve"}).files;
    const auto outdated = scratch() / "outdated.crl";
    write_file(outdated, to_der(clients.root.crl({}, -1h).get()));
    ask("none");
    add_host("request.test", "mode: request");
    add_host("require.test", "mode: require");
    add_host("outdated.test", "mode: require, crl: " + outdated.string());
    add_host("lenient.test", "mode: require, accept_expired_crl: true, crl: " + outdated.string());
    std::vector<std::string> picky;
    const auto add_picky = [&](const std::string& name, const std::string& list) {
        add_host(name, "mode: require, allow: { " + list + " }");
        picky.push_back(name);
    };
    add_picky("subject.test", "subjects: [CN=zoe, CN=ann]");
    add_picky("dns.test", "names: [ANN.example]");
    add_picky("mail.test", "names: [ann@mail.example]");
    add_picky("uri.test", "names: [\"urn:ann\"]");
    add_picky("ip.test", "names: [192.0.2.7]");
    std::array<unsigned char, 32> digest{};
    X509_digest(all.certificate.get(), EVP_sha256(), digest.data(), nullptr);
    std::string fingerprint;
    for (const unsigned char byte : digest) {
        fingerprint += "0123456789abcdef"[byte >> 4U];
        fingerprint += "0123456789abcdef"[byte & 15U];
    }
    add_picky("fingerprint.test", "fingerprints: [\"" + fingerprint + "\"]");
    start();

    expect_in({});
    expect_in(eve);
    expect_in({}, "request.test");
    expect_in(bob, "request.test");
    expect_alert(SSL_AD_UNKNOWN_CA, eve, "request.test");
    expect_alert(required_alert(), {}, "require.test");
    expect_alert(SSL_AD_UNKNOWN_CA, eve, "require.test");
    expect_in(bob, "require.test");
    expect_alert(SSL_AD_CERTIFICATE_UNKNOWN, bob, "outdated.test");
    EXPECT_TRUE(front->logged("\"CN=bob\": the CRL of the issuer \"CN=root\" has expired"));
    expect_in(bob, "lenient.test");
    for (const std::string& name : picky) {
        expect_in(all.files, name);
        expect_alert(SSL_AD_CERTIFICATE_UNKNOWN, bob, name);
    }
    EXPECT_TRUE(front->logged("\"CN=bob\" is good, but not in tls.client_certificate.allow"));
}

TEST_P(ClientPolicy, IsThatOfTheListener) {
    ask("none");
    add_host("none.test", "mode: none");
    start();
    expect_in({});
    std::string yaml = config.yaml();
    const std::string listener = "port: " + std::to_string(port());
    yaml.insert(yaml.find(listener) + listener.size(), ", client_certificate: { mode: require }");
    write_file(scratch() / "hsmfront.yaml", yaml);
    front->process().signal(SIGHUP);
    ASSERT_TRUE(front->logged("reloaded:"));
    expect_alert(required_alert(), {});
    expect_in(ann());
    expect_in({}, "none.test");
}

TEST_P(ClientPolicy, NoSessionOfAnotherHostGetsAround) {
    ask("none");
    add_host("request.test", "mode: request");
    add_host("require.test", "mode: require");
    start();
    for (const char* from : {"localhost", "request.test", ""}) {
        const Visit before = knock({}, nullptr, from);
        ASSERT_TRUE(before.let_in) << from;
        ASSERT_TRUE(before.session) << from;
        const Visit visit = knock({}, before.session, "require.test");
        EXPECT_FALSE(visit.let_in) << from;
        EXPECT_EQ(visit.alert, required_alert()) << from;
    }
    const Visit with_ann = knock(ann(), nullptr, "request.test");
    ASSERT_TRUE(with_ann.let_in);
    EXPECT_FALSE(knock({}, with_ann.session, "require.test").let_in);
    const Visit again = knock({}, with_ann.session, "request.test");
    EXPECT_TRUE(again.let_in && again.resumed);
}

TEST_P(ClientPolicy, ARevocationTakesEffectWithoutARestart) {
    ask("require", crl());
    start();
    const auto rob = clients.make(clients.root, {"rob"});
    const Visit before = knock(rob.files);
    ASSERT_TRUE(before.let_in);
    EXPECT_TRUE(knock({}, before.session).resumed);
    const ContextPtr context = context_of(version(), rob.files);
    Wire standing = Wire::connect("127.0.0.1", config.http.port);
    ASSERT_TRUE(standing.secure(context.get(), nullptr, "localhost"));
    ASSERT_TRUE(standing.send("GET / HTTP/1.1\r\nHost: localhost\r\n"));

    clients.revoke({rob.certificate.get()});
    EXPECT_TRUE(eventually([&] { return knock(rob.files).alert == SSL_AD_CERTIFICATE_REVOKED; }));
    const Visit resuming = knock(rob.files, before.session);
    EXPECT_FALSE(resuming.let_in);
    EXPECT_EQ(resuming.alert, SSL_AD_CERTIFICATE_REVOKED);
    expect_in(ann());
    ASSERT_TRUE(standing.send("\r\n"));
    EXPECT_THAT(standing.line(), StartsWith("HTTP/1.1 502")) << "established: untouched";

    clients.replace(clients.crl_file(), "no CRL\n");
    EXPECT_TRUE(
        front->logged("protocol http: client certificates are judged by the old CA and CRL "
                      "files: tls.client_certificate.crl")
    );
    EXPECT_TRUE(front->logged("protocol ftp: client certificates are judged by the old"));
    expect_alert(SSL_AD_CERTIFICATE_REVOKED, rob.files);
    expect_in(ann());
    clients.revoke({});
    EXPECT_TRUE(eventually([&] { return knock(rob.files).let_in; }));
    EXPECT_EQ(front->error_lines(), 2U) << "once for each protocol";
}

TEST_P(ClientPolicy, AnotherCaIsBelievedWithoutARestartAndByReload) {
    ask("require");
    start();
    const Credential one = ann();
    const TestCa another("another");
    const Credential other = clients.make(another, {"bob"}).files;
    const Visit before = knock(one);
    ASSERT_TRUE(before.let_in);
    expect_alert(SSL_AD_UNKNOWN_CA, other);
    clients.replace(clients.ca_file(), another.pem());
    EXPECT_TRUE(eventually([&] { return knock(other).let_in; }));
    expect_alert(SSL_AD_UNKNOWN_CA, one);
    EXPECT_FALSE(knock(one, before.session).let_in);
    clients.replace(clients.ca_file(), clients.root.pem());
    front->process().signal(SIGHUP);
    ASSERT_TRUE(front->logged("reloaded:"));
    EXPECT_TRUE(eventually([&] { return knock(one).let_in; }));
}

TEST_P(ClientPolicy, NoSessionOutlivesItsCertificate) {
    ask("require");
    start();
    const auto brief = clients.make(clients.root, {"brief", "clientAuth", {}, -1h, 4s});
    const Visit before = knock(brief.files);
    ASSERT_TRUE(before.let_in);
    const auto resume = [&] {  // a copy: a session is changed by being resumed
        return knock({}, TlsSession(SSL_SESSION_dup(before.session.get()), SSL_SESSION_free));
    };
    EXPECT_TRUE(resume().resumed);
    EXPECT_TRUE(eventually([&] { return !resume().let_in; }));
    EXPECT_EQ(resume().alert, required_alert()) << "it is asked anew";
}

TEST_P(ClientPolicy, TheLogNamesTheSubject) {
    ask("request");
    start();
    expect_in(ann());
    EXPECT_TRUE(front->logged("certificate=\"CN=ann\" "));
}

}  // namespace
}  // namespace hsmfront::test
