// Client certificates on FTP data connections, and hosts that ask for more than others.
#include "client_scene.hpp"
#include "ftp_scene.hpp"
#include "tests/harness/stage.hpp"

namespace hsmfront::test {
namespace {

class HttpHostPolicy : public Stage {
  protected:
    HttpHostPolicy() {
        config.ftp.enabled = false;
        config.extra =
            "tls: { client_certificate: { ca: " + clients.ca_file().string() + crl() + " } }\n";
        config.http.extra =
            "hosts:\n  a.test: { alias: ec }\n"
            "  b.test: { alias: ec, tls: { client_certificate: { mode: require } } }\n";
        write_file(nginx.root() / "page", "hello");
    }
    [[nodiscard]] std::string crl() const { return ", crl: " + clients.crl_file().string(); }
    /// "STATUS VERSION" of a request in a connection opened to `name`.
    std::string ask(
        const std::string& name, const std::string& host, std::vector<std::string> more = {}
    ) {
        more.insert(
            more.end(),
            {"--insecure",
             "--resolve",
             name + ":" + std::to_string(config.http.port) + ":127.0.0.1",
             "-H",
             "Host: " + host,
             "-o",
             (scratch() / "page").string(),
             "-w",
             "%{http_code} %{http_version}",
             https("/page", name)}
        );
        return curl(more).out;
    }

    Clients clients{scratch()};
};

TEST_F(HttpHostPolicy, Rfc9110_15_5_20_RequestsForAStricterHostAreMisdirected) {
    start();
    for (const char* http : {"1.1", "2"}) {
        const std::string option = std::string("--http") + http;
        EXPECT_EQ(ask("a.test", "a.test", {option}), std::string("200 ") + http);
        EXPECT_EQ(ask("a.test", "b.test", {option}), std::string("421 ") + http);
        EXPECT_EQ(ask("other.test", "b.test", {option}), std::string("421 ") + http);
        EXPECT_EQ(ask("b.test", "b.test", {option}), "000 0");
    }
}

TEST_F(HttpHostPolicy, ARevokedClientIsLockedOutWithTheKeyInTheToken) {
    start();
    const auto rob = clients.make(clients.root, {"rob"});
    const std::vector<std::string> shown{
        "--cert", rob.files.chain.string(), "--key", rob.files.key.string()};
    EXPECT_THAT(ask("b.test", "b.test", shown), StartsWith("200"));
    clients.revoke({rob.certificate.get()});
    EXPECT_TRUE(eventually([&] { return ask("b.test", "b.test", shown) == "000 0"; }));
    EXPECT_TRUE(front->logged("client certificate \"CN=rob\": certificate revoked"));
}

class FtpClientPolicy : public FtpScene, public ::testing::WithParamInterface<int> {
  protected:
    FtpClientPolicy() {
        options.tls_version = GetParam();
        config.extra =
            "tls: { client_certificate: { mode: require, ca: " + clients.ca_file().string() +
            ", crl: " + clients.crl_file().string() + ", depth: 1 } }\n";
        show(ann.files);
    }
    void show(const Credential& shown) {
        options.certificate = shown.chain;
        options.key = shown.key;
    }
    /// In TLS 1.3 a client learns of its refusal only after its own handshake.
    bool refused() {
        return !client->secure() || client->control().rest().ending == Ending::broken;
    }
    void open_data() {
        const auto port = passive();
        ASSERT_NO_FATAL_FAILURE(order("RETR a"));
        backend.reply("150 here");
        ASSERT_EQ(client->reply(), "150 here");
        data = client->connect_data(port);
        ASSERT_TRUE(data.open());
    }
    void expect_522(const Credential& shown, int alert) {
        const ContextPtr context = context_of(GetParam(), shown);
        Visit visit;
        watch(context.get(), visit);
        open_data();
        static_cast<void>(data.secure(context.get(), nullptr, "localhost"));
        answer_abor();
        EXPECT_EQ(data.rest().bytes, "");
        EXPECT_THAT(client->reply(), StartsWith("522"));
        EXPECT_EQ(visit.alert, alert) << shown.chain;
        data.close();
        behind.close();
    }

    Clients clients{scratch()};
    Clients::Made ann = clients.make(clients.root, {"ann"});
};

INSTANTIATE_TEST_SUITE_P(
    Tls,
    FtpClientPolicy,
    ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
    [](const auto& version) { return version.param == TLS1_2_VERSION ? "1_2" : "1_3"; }
);

TEST_P(FtpClientPolicy, DataConnectionsAreJudgedLikeTheControlConnection) {
    const Clients& c = clients;
    const auto rob = c.make(c.root, {"rob"});
    c.revoke({rob.certificate.get()});
    log_in();
    const bool newer = GetParam() == TLS1_3_VERSION;
    expect_522({}, newer ? SSL_AD_CERTIFICATE_REQUIRED : SSL_AD_HANDSHAKE_FAILURE);
    expect_522(rob.files, SSL_AD_CERTIFICATE_REVOKED);
    expect_522(c.self_signed(), SSL_AD_UNKNOWN_CA);
    expect_522(c.make(TestCa("strangers"), {"eve"}).files, SSL_AD_UNKNOWN_CA);
    expect_522(
        c.make(c.root, {"old", "clientAuth", {}, -48h, -24h}).files, SSL_AD_CERTIFICATE_EXPIRED
    );
    expect_522(c.make(c.root, {"young", "clientAuth", {}, 24h, 48h}).files, SSL_AD_BAD_CERTIFICATE);
    expect_522(c.make(c.root, {"www", "serverAuth"}).files, SSL_AD_UNSUPPORTED_CERTIFICATE);
    expect_522(
        c.make(c.below_sub, {"deep"}, c.below_sub.pem() + c.sub.pem()).files, SSL_AD_UNKNOWN_CA
    );
    EXPECT_TRUE(alive());
}

TEST_P(FtpClientPolicy, AStandingSessionGoesOnWhenItsClientIsRevoked) {
    log_in();
    clients.revoke({ann.certificate.get()});
    ASSERT_TRUE(front->logged("protocol ftp: CA and CRL files for client certificates read again"));
    open_data();
    ASSERT_TRUE(data.secure(client->context(), nullptr, "localhost"));  // a full handshake
    serve_some();
    expect_some();
    begin("RETR a");
    EXPECT_EQ(SSL_session_reused(data.ssl()), 1);
    serve_some();
    expect_some();
    const auto standing = std::move(client);
    connect();
    ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    EXPECT_TRUE(refused());
}

class FtpHostPolicy : public FtpClientPolicy {
  protected:
    FtpHostPolicy() {
        config.extra = "tls: { client_certificate: { ca: " + clients.ca_file().string() + " } }\n";
        config.ftp.extra =
            "hosts:\n  a.test: { alias: ec }\n"
            "  b.test: { alias: ec, tls: { client_certificate: { mode: require } } }\n";
        options.server_name = "";
        show({});
    }
};

INSTANTIATE_TEST_SUITE_P(
    Tls,
    FtpHostPolicy,
    ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
    [](const auto& version) { return version.param == TLS1_2_VERSION ? "1_2" : "1_3"; }
);

TEST_P(FtpHostPolicy, Rfc7151_4_HostInTlsLeadsToNoStricterHost) {
    connect();
    auth();
    EXPECT_THAT(client->ask("HOST b.test"), StartsWith("504"));
    client->send("HOST a.test");
    ASSERT_TRUE(backend.greet());
    EXPECT_THAT(client->reply(), StartsWith("220"));
    EXPECT_THAT(client->ask("HOST b.test"), StartsWith("504"));
    EXPECT_TRUE(relayed("USER ann", "230 in"));
}

TEST_P(FtpHostPolicy, HostBeforeAuthAsksAsTheHostDoes) {
    for (const char* sni : {"", "b.test"}) {
        options.server_name = sni;
        show({});
        connect();
        EXPECT_THAT(client->ask("HOST b.test"), StartsWith("220"));
        EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
        EXPECT_TRUE(refused()) << sni;
        show(ann.files);
        connect();
        EXPECT_THAT(client->ask("HOST b.test"), StartsWith("220"));
        auth();
        backend.control().close();
    }
}

TEST_P(FtpHostPolicy, ALaxerHostIsNoWayIntoTheListener) {
    config.extra =
        "tls: { client_certificate: { mode: require, ca: " + clients.ca_file().string() + " } }\n";
    config.ftp.extra =
        "hosts:\n  b.test: { alias: ec, tls: { client_certificate: { mode: none } } }\n";
    options.server_name = "unknown.test";
    connect();
    EXPECT_THAT(client->ask("HOST b.test"), StartsWith("220"));
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    EXPECT_TRUE(refused());
}

}  // namespace
}  // namespace hsmfront::test
