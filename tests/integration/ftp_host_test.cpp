// HOST (RFC 7151), and what the operator sets: backends that connect themselves, commands, logins,
// the greeting and the transfer log.
#include "ftp_scene.hpp"
#include "tests/harness/material.hpp"
#include "tests/support/shim_control.hpp"

namespace hsmfront::test {
namespace {

/// "a.example" has the EC certificate and `backend`, "b.example" the RSA one and `other`.
class FtpVirtualHost : public FtpScene {
  protected:
    FtpVirtualHost() {
        config.ftp.extra = "hosts:\n  a.example: { alias: ec, " + to(backend) +
                           " }\n  b.example: { alias: rsa, " + to(other) + " }\n";
        options.server_name = "";
    }
    static std::string to(const ScriptedBackend& server) {
        return "backend: { address: 127.0.0.1, port: " + std::to_string(server.port()) + " }";
    }
    void TearDown() override {
        other.control().close();
        FtpScene::TearDown();
    }
    /// AUTH TLS up to the greeting of `server`.
    void auth_before(ScriptedBackend& server) {
        ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
        ASSERT_TRUE(client->secure());
        ASSERT_TRUE(server.greet());
    }
    static int key_type(const Wire& wire) {
        X509* certificate = SSL_get1_peer_certificate(wire.ssl());
        const int type = EVP_PKEY_get_base_id(X509_get0_pubkey(certificate));
        X509_free(certificate);
        return type;
    }

    ScriptedBackend other;
};

TEST_F(FtpVirtualHost, Rfc7151_3_2_HostBeforeAuthPicksCertificateAndBackend) {
    connect();
    EXPECT_THAT(client->ask("HOST b.example"), StartsWith("220"));
    auth_before(other);
    EXPECT_EQ(key_type(client->control()), EVP_PKEY_RSA);
    EXPECT_TRUE(backend.not_contacted());
}

TEST_F(FtpVirtualHost, Rfc7151_3_2_SniPicksThemToo) {
    options.server_name = "b.example";
    connect();
    auth_before(other);
    EXPECT_EQ(key_type(client->control()), EVP_PKEY_RSA);
    EXPECT_TRUE(backend.not_contacted());
}

TEST_F(FtpVirtualHost, Rfc7151_4_HostMustBeTheNameOfSni) {
    options.server_name = "b.example";
    connect();
    auth_before(other);
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("504"));
    EXPECT_THAT(client->ask("HOST B.Example"), StartsWith("220"));
    client->send("USER ann");
    EXPECT_EQ(other.command(), "USER ann");
}

/// Else whoever names no host in TLS would get around what a host demands of it.
TEST_F(FtpVirtualHost, HostInsideTlsOpensNoHostWithATlsPolicyOfItsOwn) {
    config.ftp.extra += "  c.example: { alias: ec, tls: { min_version: \"1.3\" } }\n";
    connect();
    auth_before(backend);
    EXPECT_THAT(client->ask("HOST c.example"), StartsWith("504"));
    client->send("HOST a.example");
    ASSERT_TRUE(backend.greet());
    EXPECT_THAT(client->reply(), StartsWith("220"));
}

TEST_F(FtpVirtualHost, Rfc7151_3_2_2_SecondHostResetsAuthentication) {
    connect();
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("220"));
    auth_before(backend);
    EXPECT_TRUE(relayed("USER ann", "331 password"));
    client->send("HOST b.example");
    ASSERT_TRUE(other.greet());
    EXPECT_THAT(client->reply(), StartsWith("220"));
    EXPECT_THAT(backend.command(), StartsWith("<")) << "the user is still known to the first host";
    client->send("PASS secret");
    EXPECT_EQ(other.command(), "PASS secret");
}

TEST_F(FtpVirtualHost, Rfc7151_3_2_2_HostBehindTheLoginIs503) {
    connect();
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("220"));
    auth_before(backend);
    EXPECT_TRUE(relayed("USER ann", "230 in"));
    EXPECT_THAT(client->ask("HOST b.example"), StartsWith("503"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpVirtualHost, Rfc7151_3_2_1_ReinClearsTheHost) {
    connect();
    EXPECT_THAT(client->ask("HOST b.example"), StartsWith("220"));
    auth_before(other);
    EXPECT_THAT(client->ask("REIN"), StartsWith("220"));
    ASSERT_TRUE(client->control().leave_tls());
    auth_before(backend);  // of ftp.backend
    EXPECT_EQ(key_type(client->control()), EVP_PKEY_EC);
}

TEST_F(FtpVirtualHost, Rfc7151_4_FeatListsHost) {
    connect();
    EXPECT_THAT(client->ask("FEAT"), HasSubstr("\r\n HOST\r\n"));
}

TEST_F(FtpVirtualHost, Rfc7151_3_2_UnknownAndBrokenNames) {
    connect();
    EXPECT_THAT(client->ask("HOST c.example"), StartsWith("504"));
    EXPECT_THAT(client->ask("HOST"), StartsWith("501"));
    EXPECT_THAT(client->ask("HOST a b"), StartsWith("501"));
    auth_before(backend);
}

TEST_F(FtpVirtualHost, Rfc4217_15_1_1_DataCertificateIsThatOfTheHostWhateverSniSays) {
    connect();
    EXPECT_THAT(client->ask("HOST b.example"), StartsWith("220"));
    auth_before(other);
    backend.control() = std::move(other.control());
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    ASSERT_THAT(client->ask("PBSZ 0"), StartsWith("200"));
    ASSERT_THAT(client->ask("PROT P"), StartsWith("200"));
    for (const char* sni : {"", "a.example", "b.example", "elsewhere.example"}) {
        const auto port = passive();
        order("RETR a");
        backend.reply("150 here");
        EXPECT_EQ(client->reply(), "150 here");
        data = client->connect_data(port);
        ASSERT_TRUE(data.secure(client->context(), nullptr, sni));
        EXPECT_EQ(key_type(data), EVP_PKEY_RSA) << sni;
        protect = true;
        serve_some();
        expect_some();
    }
}

class FtpOperator : public FtpScene {
  protected:
    /// EPSV of the client; where the backend is told to connect to.
    [[nodiscard]] std::uint16_t active_port(std::uint16_t& client_port) {
        client->send("EPSV");
        const std::string asked = backend.command();
        const std::string head = "EPRT |1|127.0.0.1|";
        EXPECT_THAT(asked, StartsWith(head));
        backend.reply("200 ok");
        client_port = passive_port_in(client->reply());
        const bool good = asked.starts_with(head);
        return good ? static_cast<std::uint16_t>(std::stoul(asked.substr(head.size()))) : 0;
    }
};

TEST_F(FtpOperator, HostIsUnknownWithoutHosts) {
    connect();
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("502"));
    EXPECT_THAT(client->ask("FEAT"), Not(HasSubstr("HOST")));
}

TEST_F(FtpOperator, BackendThatConnectsItself) {
    config.ftp.data = "backend: active";
    log_in();
    std::uint16_t port = 0;
    const auto ours = active_port(port);
    ASSERT_NE(ours, 0);
    client->send("RETR a");
    EXPECT_EQ(backend.command(), "RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    Wire thief = Wire::connect("127.0.0.1", ours, "127.0.0.2");
    EXPECT_EQ(thief.rest().bytes, "");
    data = client->connect_data(port);
    behind = Wire::connect("127.0.0.1", ours);
    ASSERT_TRUE(client->secure_data(data));
    serve_some();
    expect_some();
    EXPECT_TRUE(alive());
}

TEST_F(FtpOperator, BackendThatNeverConnectsIs425) {
    config.ftp.data = "backend: active";
    config.ftp.extra = "timeouts: { data_connect: 300ms }\n";
    log_in();
    std::uint16_t port = 0;
    ASSERT_NE(active_port(port), 0);
    client->send("RETR a");
    EXPECT_EQ(backend.command(), "RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("425"));
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    EXPECT_TRUE(alive());
}

TEST_F(FtpOperator, UploadToABackendThatConnectsItselfIsCutByRst) {
    config.ftp.data = "backend: active";
    log_in();
    std::uint16_t port = 0;
    const auto ours = active_port(port);
    client->send("STOR a");
    EXPECT_EQ(backend.command(), "STOR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    behind = Wire::connect("127.0.0.1", ours);
    data = client->connect_data(port);
    ASSERT_TRUE(client->secure_data(data));
    ASSERT_TRUE(data.send("some"));
    EXPECT_EQ(behind.take(4), "some");
    data.send_fin();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("426"));
}

TEST_F(FtpOperator, TransferLogTellsWholeTransfersFromCutOnes) {
    log_in();
    ASSERT_TRUE(relayed("PASS geheim99", "230 in"));
    begin("RETR whole");
    serve_some();
    expect_some();
    begin("STOR cut");
    data.reset();
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("426"));
    ASSERT_TRUE(front->logged("path=\"cut\""));
    const std::string whole = front->line_with("path=\"whole\"");
    EXPECT_THAT(whole, HasSubstr("user=\"ann\" command=RETR path=\"whole\" bytes=100000 "));
    EXPECT_THAT(whole, HasSubstr("code=226"));
    EXPECT_THAT(whole, HasSubstr("outcome=\"complete\""));
    EXPECT_THAT(front->line_with("path=\"cut\""), HasSubstr("code=426"));
    EXPECT_THAT(front->log(), Not(HasSubstr("geheim99")));
}

/// 431 and not 534: it is for now only, and the connection stays.
TEST_F(FtpOperator, Rfc2228_3_AuthIs431WhileTheKeyIsUnreachable) {
    constexpr long device_error = 0x30;  // CKR_DEVICE_ERROR
    const Token token(scratch() / "token");
    ShimControl shim;
    shim.set({{"init_rv", device_error}});
    config.hsm.present = true;
    config.hsm.module = ShimControl::module().string();
    config.hsm.token = Token::label;
    config.hsm.pin = std::string("{ value: \"") + Token::pin + "\" }";
    config.certificates = Material::get().certificates();
    config.env = token.environment();
    config.ftp.hsm = true;
    launch();
    const auto reply_to_auth = [&] {
        client = std::make_unique<FtpsClient>(config.ftp.explicit_port, options);
        return client->reply().starts_with("220") ? client->ask("AUTH TLS") : "";
    };
    ASSERT_TRUE(eventually([&] { return reply_to_auth().starts_with("431"); }));
    EXPECT_THAT(client->ask("NOOP"), StartsWith("200"));
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("431"));
    shim.set({});
    EXPECT_TRUE(eventually([&] { return reply_to_auth().starts_with("234"); }));
    EXPECT_TRUE(client->secure());
}

}  // namespace
}  // namespace hsmfront::test
