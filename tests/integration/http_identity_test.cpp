// Who the client is and that it uses https: RFC 6797, RFC 7239, RFC 9440, Location and cookies.
#include "http_scene.hpp"
#include "tests/support/test_ca.hpp"

#include <algorithm>

namespace hsmfront::test {
namespace {

class Rfc6797 : public PlayedHttp {};
class Rfc7239 : public PlayedHttp {};

class Rfc9440 : public PlayedHttp {
  protected:
    /// Clients may show a certificate; without show() they have none.
    Rfc9440() {
        write_file(scratch() / "clients.pem", ca_.pem());
        config.extra += "tls: { client_certificate: { mode: request, ca: " +
                        (scratch() / "clients.pem").string() + " } }\n";
    }

    void show() {
        SSL_CTX_use_certificate(context(), certificate_.get());
        SSL_CTX_use_PrivateKey(context(), key_.get());
    }

    /// What stands between the lines of PEM is the Base64 of the certificate (RFC 7468 §2).
    [[nodiscard]] std::string base64() const {
        std::string pem = to_pem(certificate_.get());
        pem = pem.substr(pem.find('\n'), pem.find("-----END") - pem.find('\n'));
        std::erase(pem, '\n');
        return pem;
    }

  private:
    TestCa ca_;
    certs::EvpPkeyPtr key_ = make_key("P-256");
    certs::X509Ptr certificate_ = ca_.issue_client(key_.get(), "ann");
};

class HttpSecured : public PlayedHttp {};

TEST_F(Rfc6797, Section7_1OneFieldReplacesTheBackends) {
    config.http.extra = "hsts: 1h\n";
    const HttpMessage answer = answered(
        get("/"),
        "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\n"
        "strict-transport-security: max-age=2; includeSubDomains\r\nContent-Length: 0\r\n\r\n"
    );
    EXPECT_EQ(answer.field("Strict-Transport-Security"), "max-age=3600");
}

TEST_F(Rfc6797, Section7_2NoneOnPlainHttp) {
    const auto port = ports.next();
    config.http.extra =
        "hsts: 1h\nredirect: [{ address: \"127.0.0.1\", port: " + std::to_string(port) + " }]\n";
    start();
    client = Wire::connect("127.0.0.1", port);
    ASSERT_TRUE(client.open());
    client.send(get("/a?b"));
    const HttpMessage answer = read_responses(client.rest().bytes).messages.at(0);
    EXPECT_EQ(answer.status(), 308);
    EXPECT_THAT(answer.field("Location"), EndsWith("/a?b"));
    EXPECT_EQ(answer.field("Strict-Transport-Security"), "");
}

TEST_F(Rfc7239, Section6BracketsAndQuotesIpv6) {
    client = connect("::1");
    client.send("GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n");
    behind = backend.accept();
    const HttpMessage request = read_head(behind.until("\r\n\r\n"));
    EXPECT_EQ(request.field("Forwarded"), "for=\"[::1]\";host=\"[::1]:8443\";proto=https");
    EXPECT_EQ(request.field("X-Forwarded-For"), "::1");
    EXPECT_EQ(request.field("X-Forwarded-Host"), "[::1]:8443");
}

TEST_F(Rfc7239, OnlyTheFieldsThatAreWantedAreEmitted) {
    config.http.extra = "forwarded: { emit: [forwarded] }\n";
    const HttpMessage request = request_behind(get("/", "X-Forwarded-For: 192.0.2.6\r\n"));
    EXPECT_EQ(request.field("Forwarded"), "for=127.0.0.1;host=localhost;proto=https");
    EXPECT_EQ(request.field("X-Forwarded-For"), "") << "nor passed on from a client";
}

TEST_F(Rfc7239, Section8_1FieldsOfClientsAreNotBelieved) {
    const HttpMessage request = request_behind(
        get("/",
            "X-Forwarded-For: 192.0.2.6\r\nForwarded: for=192.0.2.6\r\nX-Forwarded-Proto: ftp\r\n"
            "X-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 192.0.2.6\r\n")
    );
    EXPECT_EQ(request.field("X-Forwarded-For"), "127.0.0.1");
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "https");
    EXPECT_EQ(request.field("X-Forwarded-Host"), "localhost");
    EXPECT_EQ(request.field("X-Forwarded-Port"), std::to_string(config.http.port));
    EXPECT_EQ(request.field("Forwarded"), "for=127.0.0.1;host=localhost;proto=https");
    EXPECT_EQ(request.field("X-Real-IP"), "");
}

TEST_F(Rfc7239, Section8_1FieldsOfTrustedPeersAreContinued) {
    config.http.extra = "forwarded: { trust: [127.0.0.0/8] }\n";
    const HttpMessage request = request_behind(
        get("/",
            "X-Forwarded-For: 192.0.2.6\r\nX-Forwarded-Proto: http\r\n"
            "Forwarded: for=\"[2001:db8::6]\";by=\"a,b\"\r\nClient-Cert: :AAAA:\r\n")
    );
    EXPECT_EQ(request.field("X-Forwarded-For"), "192.0.2.6, 127.0.0.1");
    EXPECT_EQ(request.field("X-Forwarded-Proto"), "http");
    EXPECT_EQ(
        request.field("Forwarded"),
        "for=\"[2001:db8::6]\";by=\"a,b\", for=127.0.0.1;host=localhost;proto=https"
    );
    EXPECT_EQ(request.field("Client-Cert"), "") << "not even a trusted peer's";
}

TEST_F(Rfc7239, Section4MalformedListOfATrustedPeerIsDropped) {
    config.http.extra = "forwarded: { trust: [127.0.0.0/8] }\n";
    EXPECT_EQ(
        request_behind(get("/", "Forwarded: for=\"192.0.2.6\r\n")).field("Forwarded"),
        "for=127.0.0.1;host=localhost;proto=https"
    );
}

TEST_F(Rfc9440, Section4FieldsOfClientsAreRemoved) {
    const HttpMessage request = request_behind(
        get("/",
            "Client-Cert: :AAAA:\r\nclient-cert-chain: :AAAA:\r\nClient_Cert: :AAAA:\r\n"
            "CLIENT_CERT_CHAIN: :AAAA:\r\n")
    );
    for (const auto& [name, value] : request.fields) {
        EXPECT_NE(value, ":AAAA:") << name;
    }
}

TEST_F(Rfc9440, Section2_2TheVerifiedCertificateGoesOnInPlaceOfAnyInbound) {
    show();
    const HttpMessage request = request_behind(get("/", "Client-Cert: :AAAA:\r\n"));
    EXPECT_EQ(request.field("Client-Cert"), ':' + base64() + ':');
}

TEST_F(Rfc9440, Section2_2NoneIsSentWhereNoneWasShown) {
    EXPECT_EQ(request_behind(get("/")).field("Client-Cert"), "");
}

TEST_F(HttpSecured, LocationsOnThisHostBecomeHttps) {
    const HttpMessage answer = answered(
        "GET / HTTP/1.1\r\nHost: a.example:8443\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://a.example/x?y#z\r\nContent-Length: 0\r\n\r\n"
    );
    EXPECT_EQ(answer.field("Location"), "https://a.example:8443/x?y#z");
}

TEST_F(HttpSecured, LocationsElsewhereStay) {
    const HttpMessage answer = answered(
        "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://b.example/x\r\nContent-Length: 0\r\n\r\n"
    );
    EXPECT_EQ(answer.field("Location"), "http://b.example/x");
}

TEST_F(HttpSecured, CookiesBecomeSecureOnce) {
    const HttpMessage answer = answered(
        get("/"),
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: secure=d; HttpOnly\r\n"
        "Set-Cookie: e=f; SECURE; Path=/\r\nContent-Length: 0\r\n\r\n"
    );
    EXPECT_EQ(
        answer.field("Set-Cookie"),
        "a=b; Path=/; Secure | secure=d; HttpOnly; Secure | e=f; SECURE; Path=/"
    );
}

}  // namespace
}  // namespace hsmfront::test
