// FTP by policy: hosts, command lists, logins, greeting, the log of transfers.
#include "ftp_scene.hpp"

namespace hsmfront::test {
namespace {

class FtpHost : public FtpScene {
  protected:
    /// Files for the keys "rsa" and "ec"; a.example has a certificate and a backend of its own.
    FtpHost() {
        config.ftp.alias = "rsa";
        config.ftp.extra =
            "hosts: { a.example: { alias: ec, backend: { address: 127.0.0.1, port: " +
            std::to_string(other.port()) + " } } }";
        options.server_name.clear();
    }

    /// "RSA" or "EC": the key of the certificate that the client was shown.
    [[nodiscard]] std::string key_type() const {
        const auto* certificate = SSL_get0_peer_certificate(client->control().ssl());
        return EVP_PKEY_is_a(X509_get0_pubkey(certificate), "EC") == 1 ? "EC" : "RSA";
    }

    ScriptedBackend other;
};

TEST_F(FtpHost, Rfc7151_3_2_2_HostBeforeAuthPicksTheCertificate) {
    connect();
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("220"));
    ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    EXPECT_EQ(key_type(), "EC");
    EXPECT_TRUE(other.greet()) << "its backend serves it";
}

TEST_F(FtpHost, ServerNamePicksCertificateAndBackend) {
    options.server_name = "a.example";
    connect();
    ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    EXPECT_EQ(key_type(), "EC");
    EXPECT_TRUE(other.greet());
}

TEST_F(FtpHost, Rfc7151_4_HostOtherThanTheServerNameIs504) {
    options.server_name = "b.example";
    connect();
    auth();
    EXPECT_EQ(key_type(), "RSA");
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("504"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpHost, Rfc7151_SecondHostBeginsAnew) {
    connect();
    auth();
    EXPECT_TRUE(relayed("USER ann", "331 password"));
    client->send("HOST a.example");
    ASSERT_TRUE(other.accept());
    other.reply("220 other backend");
    EXPECT_EQ(client->reply(), "220 other backend");
    client->send("PASS x");
    EXPECT_EQ(other.command(), "PASS x") << "the user name is not carried over";
    other.reply("503 USER first");
    EXPECT_EQ(client->reply(), "503 USER first");
    EXPECT_EQ(backend.command(), to_string(Ending::fin));
}

TEST_F(FtpHost, Rfc7151_3_2_2_HostAfterTheLoginIs503) {
    log_in();
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("503"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpHost, Rfc7151_3_2_1_ReinClearsTheHost) {
    connect();
    EXPECT_THAT(client->ask("HOST a.example"), StartsWith("220"));
    ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    ASSERT_TRUE(other.greet());
    EXPECT_THAT(client->ask("REIN"), StartsWith("220"));
    ASSERT_TRUE(client->control().leave_tls());
    ASSERT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    EXPECT_EQ(key_type(), "RSA");
    EXPECT_TRUE(backend.greet());
}

TEST_F(FtpHost, Rfc7151_3_3_HostIsAFeature) {
    connect();
    EXPECT_THAT(client->ask("FEAT"), HasSubstr("\r\n HOST\r\n"));
    EXPECT_THAT(client->ask("HOST c.example"), StartsWith("504"));
}

class FtpPolicy : public FtpScene {};

TEST_F(FtpPolicy, DeniedCommandsNeverReachTheBackend) {
    config.ftp.extra = "commands: { deny: [DELE, \"SITE CHMOD\", STOR] }";
    log_in();
    EXPECT_THAT(client->ask("DELE a"), StartsWith("502"));
    EXPECT_THAT(client->ask("site chmod 777 a"), StartsWith("502"));
    EXPECT_THAT(client->ask("STOR a"), StartsWith("553"));
    EXPECT_TRUE(relayed("SITE UMASK", "200 UMASK is 022"));
}

TEST_F(FtpPolicy, RefusedLoginsAreSlowAndFew) {
    config.ftp.extra = "login: { attempts: 2, delay: 300ms }";
    connect();
    auth();
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(relayed("PASS a", "530 no"));
    EXPECT_GE(std::chrono::steady_clock::now() - began, 300ms);
    EXPECT_TRUE(relayed("PASS b", "530 no"));
    EXPECT_THAT(client->reply(), StartsWith("421"));
    EXPECT_EQ(client->control().rest().ending, Ending::close_notify);
}

TEST_F(FtpPolicy, AddressWithTooManyRefusedLoginsIsTurnedAwayBeforeTls) {
    config.ftp.extra = "login: { delay: 0s, failures_per_address: 1/h }";
    connect();
    auth();
    EXPECT_TRUE(relayed("PASS a", "530 no"));
    FtpsClient again(config.ftp.explicit_port);
    EXPECT_THAT(again.reply(), StartsWith("421"));
    EXPECT_EQ(again.control().rest().ending, Ending::fin);
    FtpsClient implicit(config.ftp.implicit_port);
    EXPECT_FALSE(implicit.secure());
    FtpsClient elsewhere(
        config.ftp.explicit_port, {.source = "127.0.0.2", .certificate = {}, .key = {}}
    );
    EXPECT_THAT(elsewhere.reply(), StartsWith("220"));
}

TEST_F(FtpPolicy, GreetingHidesTheBackends) {
    config.ftp.extra = "greeting: Partners only";
    start();
    FtpsClient partner(config.ftp.explicit_port);
    EXPECT_EQ(partner.reply(), "220 Partners only");
    FtpsClient implicit(config.ftp.implicit_port);
    ASSERT_TRUE(implicit.secure());
    ASSERT_TRUE(backend.accept());
    backend.reply("220 secret software 1.2.3");
    EXPECT_EQ(implicit.reply(), "220 Partners only");
}

TEST_F(FtpPolicy, TransfersAreLoggedWithTheirOutcome) {
    log_in();
    begin("RETR a \"file\"");
    serve_some();
    expect_some();
    EXPECT_TRUE(front->logged("command=RETR path=\"a \\\"file\\\"\" bytes=100000"));
    const auto whole = front->line_with("command=RETR");
    for (const char* part :
         {"user=\"", "peer=127.0.0.1:", "tls=TLSv1.3", "code=226", "outcome=\"complete\""}) {
        EXPECT_THAT(whole, HasSubstr(part));
    }
    client->control().reset();
    EXPECT_TRUE(front->logged(" ftps client="));
    EXPECT_THAT(front->log(), Not(HasSubstr("secret")));
}

TEST_F(FtpPolicy, CutUploadIsLoggedAsSuch) {
    log_in();
    begin("STOR b");
    ASSERT_TRUE(data.send("some"));
    EXPECT_EQ(behind.take(4), "some");
    data.reset();
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_TRUE(front->logged("command=STOR path=\"b\" bytes=4"));
    EXPECT_THAT(front->line_with("command=STOR"), HasSubstr("code=426"));
    EXPECT_THAT(front->line_with("command=STOR"), Not(HasSubstr("complete\"")));
}

}  // namespace
}  // namespace hsmfront::test
