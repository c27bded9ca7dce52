// Revocation of our own certificates: OCSP responses from files and responders, in the handshakes
// of real clients.
#include "certs/certificate_text.hpp"
#include "certs/chain.hpp"
#include "ocsp_scene.hpp"
#include "tests/harness/stage.hpp"

#include <openssl/x509.h>

namespace hsmfront::test {
namespace {

class OcspStapling : public OcspScene {};

TEST_F(OcspStapling, AFileIsStapledAndFollowedWithoutRestart) {
    certify("web");
    start();
    EXPECT_TRUE(unstapled());
    put_staple(ca.respond(leaves["web"].get()));
    EXPECT_TRUE(eventually([&] { return stapled(); }));
    EXPECT_TRUE(stapled({"-tls1_2"}));
    EXPECT_TRUE(front->logged("alias web: the OCSP response from " + staple().string()));
    EXPECT_EQ(
        run({"curl",
             "-sS",
             "--cert-status",
             "--cacert",
             ca.file(),
             "https://localhost:" + std::to_string(config.http.port) + "/"})
            .code,
        0
    );

    // One that must not be served changes nothing, and is told.
    OcspAuthority stranger(scratch() / "stranger");
    put_staple(stranger.respond(leaves["web"].get()));
    EXPECT_TRUE(front->logged("is about another certificate"));
    EXPECT_TRUE(stapled());
    EXPECT_THAT(front->line_with("another certificate"), HasSubstr("from before is stapled until"));
    put_staple(ca.respond(leaves["web"].get(), {.until = -seconds{30}}));
    EXPECT_TRUE(front->logged("it ended at "));
    EXPECT_TRUE(stapled());
}

TEST_F(OcspStapling, NothingIsStapledBeyondNextUpdate) {
    certify("web");
    put_staple(ca.respond(leaves["web"].get(), {.until = seconds{6}}));
    start();
    EXPECT_TRUE(stapled());
    EXPECT_TRUE(eventually([&] { return unstapled(); }));
    EXPECT_TRUE(front->logged("has ended; nothing is stapled"));
}

TEST_F(OcspStapling, ARevokedCertificateIsNotStapledAndTold) {
    certify("web");
    put_staple(ca.respond(leaves["web"].get()));
    start();
    EXPECT_TRUE(stapled());
    put_staple(ca.respond(
        leaves["web"].get(),
        {.status = V_OCSP_CERTSTATUS_REVOKED, .reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE}
    ));
    EXPECT_TRUE(eventually([&] { return unstapled(); }));
    const auto line = front->line_with("is revoked since");
    EXPECT_THAT(line, HasSubstr("(keyCompromise)"));
    EXPECT_EQ(front->error_lines(), 1U);
}

TEST_F(OcspStapling, OffStaplesNothing) {
    certify("web");
    put_staple(ca.respond(leaves["web"].get()));
    stapling("off");
    start();
    EXPECT_TRUE(unstapled());
}

TEST_F(OcspStapling, EachCertificateOfAPairHasItsOwn) {
    certify("rsa", {}, "RSA");
    certify("ec");
    put_staple(ca.respond(leaves["rsa"].get()), "rsa");
    put_staple(ca.respond(leaves["ec"].get()), "ec");
    config.http.alias = "[rsa, ec]";
    start();
    const auto rsa = client({"-tls1_2", "-cipher", "aRSA"});
    const auto ec = client({"-tls1_2", "-cipher", "aECDSA"});
    EXPECT_THAT(rsa, HasSubstr("Serial Number: " + certs::serial_text(leaves["rsa"].get()) + "\n"));
    EXPECT_THAT(ec, HasSubstr("Serial Number: " + certs::serial_text(leaves["ec"].get()) + "\n"));
    const auto rsa_1_3 = client({"-sigalgs", "rsa_pss_rsae_sha256"});
    EXPECT_THAT(rsa_1_3, HasSubstr(certs::serial_text(leaves["rsa"].get()) + "\n"));
}

TEST_F(OcspStapling, EachHostHasItsOwn) {
    certify("web");
    certify("other");
    put_staple(ca.respond(leaves["web"].get()), "web");
    put_staple(ca.respond(leaves["other"].get()), "other");
    config.http.extra = "hosts: { other.test: { alias: other } }";
    start();
    EXPECT_THAT(client(), HasSubstr(certs::serial_text(leaves["web"].get()) + "\n"));
    EXPECT_THAT(
        client({"-servername", "other.test"}),
        HasSubstr(certs::serial_text(leaves["other"].get()) + "\n")
    );
}

TEST_F(OcspStapling, MustStapleIsRefusedOnlyWhereItCannotBeKept) {
    certify("web", {must_staple});
    start();
    EXPECT_TRUE(front->logged("there is no OCSP response " + staple().string()));
    EXPECT_THAT(client(), HasSubstr("alert"));
    EXPECT_TRUE(front->logged("demands a staple (must-staple) and there is no OCSP response"));
    // Who does not ask is served.
    EXPECT_EQ(
        run({"openssl", "s_client", "-connect", "127.0.0.1:" + std::to_string(config.http.port)})
            .code,
        0
    );
    put_staple(ca.respond(leaves["web"].get()));
    EXPECT_TRUE(eventually([&] { return stapled(); }));
    // GnuTLS's client holds the certificate to its word.
    const auto gnutls = run(
        {"gnutls-cli",
         "--port",
         std::to_string(config.http.port),
         "--x509cafile",
         ca.file(),
         "localhost"}
    );
    EXPECT_EQ(gnutls.code, 0) << gnutls.out << gnutls.error;
    EXPECT_THAT(gnutls.out, HasSubstr("The certificate is trusted"));
}

TEST_F(OcspStapling, IsFetchedFromTheResponderThatTheCertificateNames) {
    OcspServer responder(scratch() / "ca", ports.next());
    certify("web", responder_at(responder.url(), {must_staple}));
    responder.add(leaves["web"].get());
    ASSERT_TRUE(responder.start());
    stapling("fetch");
    start();
    EXPECT_TRUE(front->logged("alias web: the OCSP response from " + responder.url()));
    EXPECT_TRUE(stapled());
    // A reload keeps it and does not ask again.
    responder.stop();
    front->process().signal(SIGHUP);
    EXPECT_TRUE(front->logged("reloaded:"));
    EXPECT_TRUE(stapled());
    // A file comes first.
    put_staple(ca.respond(leaves["web"].get(), {.until = std::chrono::hours{2}}));
    EXPECT_TRUE(front->logged("the OCSP response from " + staple().string()));
}

TEST_F(OcspStapling, ARevokedAnswerOfAResponderIsNotStapled) {
    OcspServer responder(scratch() / "ca", ports.next());
    certify("web");
    responder.add(leaves["web"].get(), true);
    ASSERT_TRUE(responder.start());
    config.extra = "tls: { stapling: { mode: fetch, responder: \"" + responder.url() + "\" } }\n";
    start();
    EXPECT_TRUE(front->logged("is revoked since 2025-01-01 00:00:00 UTC (keyCompromise)"));
    EXPECT_TRUE(unstapled());
}

TEST_F(OcspStapling, IsRefreshedBeforeItEndsAndKeptWhileTheResponderIsGone) {
    certify("web");
    X509* leaf = leaves["web"].get();
    const auto good = [&](Wire connection) {
        ScriptedResponder::answer(connection, ca.respond(leaf, {.from = {}, .until = seconds{6}}));
    };
    ScriptedResponder responder(good);
    config.extra = "tls: { stapling: { mode: fetch, responder: \"" + responder.url() + "\" } }\n";
    start();
    EXPECT_TRUE(eventually([&] { return responder.connections() >= 3; }));
    EXPECT_TRUE(stapled());
    EXPECT_EQ(front->error_lines(), 0U);
    responder.follow([](Wire) {});
    EXPECT_TRUE(front->logged("; the one from before is stapled until"));
    EXPECT_TRUE(stapled());
    EXPECT_TRUE(eventually([&] { return unstapled(); }));
    EXPECT_TRUE(front->logged("has ended; nothing is stapled"));
}

/// A responder that misbehaves costs a line in the log.
class OcspResponderFault : public OcspScene {
  protected:
    void begin(const ScriptedResponder& responder) {
        certify("web");
        config.extra =
            "tls: { stapling: { mode: fetch, responder: \"" + responder.url() + "\" } }\n";
        start();
        EXPECT_TRUE(eventually([&] { return responder.connections() > 0; }));
        EXPECT_TRUE(unstapled());
    }

    void expect_quick_end() {
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_EQ(front->process().stop(8s), 0);
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    }
};

TEST_F(OcspResponderFault, SilenceDisturbsNeitherClientsNorTheEnd) {
    std::vector<Wire> held;
    ScriptedResponder responder([&held](Wire connection) { held.push_back(std::move(connection)); }
    );
    begin(responder);
    expect_quick_end();
}

TEST_F(OcspResponderFault, SilenceEndsByItself) {
    std::vector<Wire> held;
    ScriptedResponder responder([&held](Wire connection) { held.push_back(std::move(connection)); }
    );
    begin(responder);
    EXPECT_TRUE(front->logged("it did not answer in time; nothing is stapled"));
}

TEST_F(OcspResponderFault, GarbageIsRefused) {
    ScriptedResponder responder([](Wire connection) {
        ScriptedResponder::answer(connection, std::vector<unsigned char>(2'000, 'x'));
    });
    begin(responder);
    EXPECT_TRUE(front->logged("alias web: OCSP response from " + responder.url() + ": "));
}

TEST_F(OcspResponderFault, AFloodIsCutOff) {
    std::atomic<std::size_t> sent = 0;
    ScriptedResponder responder([&sent](Wire connection) {
        static_cast<void>(connection.until("\r\n\r\n"));
        connection.send("HTTP/1.0 200 OK\r\nContent-Type: application/ocsp-response\r\n\r\n");
        connection.send(std::string("\x30\x84\x04\x00\x00\x00", 6));
        const std::string piece(64U << 10U, 'x');
        while (sent < (64U << 20U) && connection.send(piece)) {
            sent += piece.size();
        }
    });
    begin(responder);
    EXPECT_TRUE(front->logged("alias web: OCSP response from "));
    expect_quick_end();
    EXPECT_LT(sent, 32U << 20U);
}

TEST_F(OcspResponderFault, ANameThatDoesNotResolveIsTold) {
    certify("web", responder_at("http://no-such-name.invalid/"));
    stapling("fetch");
    start();
    EXPECT_TRUE(unstapled());
    EXPECT_TRUE(front->logged("no-such-name.invalid cannot be resolved", 60s));
}

/// The key is in the token; FTP's control and data connections staple.
class OcspFtps : public Stage {};

TEST_F(OcspFtps, ControlAndDataConnectionsOfATokensKeyStaple) {
    const OcspAuthority ca(scratch() / "ca");
    const auto present = certs::read_chain(Material::get().certificates() / "rsa.pem");
    ASSERT_TRUE(present);
    const auto leaf = ca.issue(X509_get0_pubkey(present->leaf()), {must_staple});
    std::filesystem::create_directories(scratch() / "certs");
    write_file(scratch() / "certs/rsa.pem", to_pem(leaf.get()) + to_pem(ca.certificate.get()));
    const auto der = ca.respond(leaf.get());
    write_file(
        scratch() / "certs/rsa.ocsp", {reinterpret_cast<const char*>(der.data()), der.size()}
    );
    config.certificates = scratch() / "certs";
    config.http.enabled = false;
    start();
    for (const char* version : {"--tlsv1.2", "--tlsv1.3"}) {
        const auto listed = run(
            {"curl",
             "-sS",
             "--cert-status",
             "--no-sessionid",
             "--ssl-reqd",
             version,
             "--cacert",
             ca.file(),
             ftp("/")}
        );
        EXPECT_EQ(listed.code, 0) << version << listed.error;
    }
    std::filesystem::remove(scratch() / "certs/rsa.ocsp");
    const auto revoked = ca.respond(leaf.get(), {.status = V_OCSP_CERTSTATUS_REVOKED});
    write_file(
        scratch() / "certs/rsa.ocsp",
        {reinterpret_cast<const char*>(revoked.data()), revoked.size()}
    );
    EXPECT_TRUE(front->logged("is revoked since"));
    const auto refused =
        run({"curl", "-sS", "--cert-status", "--ssl-reqd", "--cacert", ca.file(), ftp("/")});
    EXPECT_NE(refused.code, 0);
}

class CertificateExpiry : public OcspScene {};

TEST_F(CertificateExpiry, IsToldAtTheStart) {
    certify("web", {}, "P-256", std::chrono::hours{24 * 5});
    start();
    const std::string told = "alias web: its certificate (CN=localhost) expires in 5 days";
    EXPECT_TRUE(front->logged(told));
    EXPECT_THAT(front->line_with(told), HasSubstr("warn"));
}

TEST_F(CertificateExpiry, IsToldWhenItHasHappened) {
    certify("web", {}, "P-256", -seconds{60});
    start();
    EXPECT_TRUE(front->logged("alias web: its certificate (CN=localhost) has expired at "));
}

}  // namespace
}  // namespace hsmfront::test
