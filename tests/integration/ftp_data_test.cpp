// FTP over TLS, data: TLS and its place in a transfer. Each test is named for the RFC and the
// section it is about.
#include "ftp_scene.hpp"

#include <openssl/x509.h>

namespace hsmfront::test {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate certificate_of(const Wire& wire) {
    return {SSL_get1_peer_certificate(wire.ssl()), X509_free};
}

class FtpData : public FtpScene {
  protected:
    void download() {
        begin("RETR a");
        serve_some();
        expect_some();
    }
    void upload() {
        begin("STOR a");
        ASSERT_TRUE(data.send(some()));
        data.finish();
        EXPECT_EQ(behind.rest().bytes, some());
        backend.reply("226 done");
        EXPECT_EQ(client->reply(), "226 done");
    }
    /// The client connects with `session`, is refused and told so.
    void expect_522(std::uint16_t port, const TlsSession& session) {
        order("RETR a");
        backend.reply("150 here");
        EXPECT_EQ(client->reply(), "150 here");
        data = client->connect_data(port);
        static_cast<void>(client->secure_data(data, session));
        answer_abor();
        EXPECT_EQ(behind.rest().ending, Ending::reset);
        const auto got = data.rest();
        EXPECT_EQ(got.bytes, "");
        EXPECT_NE(got.ending, Ending::close_notify);
        EXPECT_THAT(client->reply(), StartsWith("522"));
        EXPECT_TRUE(alive());
    }
};

TEST_F(FtpData, Rfc4217_7_WeAreTheTlsServerInActiveModeToo) {
    for (const char* mode : {"PORT", "EPRT"}) {
        const bool port = mode == std::string("PORT");
        WireListener listener;
        const auto number = listener.port();
        log_in();
        client->send(
            port ? "PORT " + port_argument("127.0.0.1", number)
                 : "EPRT |1|127.0.0.1|" + std::to_string(number) + "|"
        );
        ASSERT_TRUE(backend.answer_epsv());
        EXPECT_THAT(client->reply(), StartsWith("200"));
        order("RETR a");
        backend.reply("150 here");
        EXPECT_EQ(client->reply(), "150 here");
        data = listener.accept();
        ASSERT_TRUE(client->secure_data(data)) << mode;
        serve_some();
        expect_some();
    }
}

TEST_F(FtpData, Rfc4217_10_2_ProtLevelIsCheckedAtTheTransferCommand) {
    connect();
    auth();
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    ASSERT_NE(passive(), 0) << "PASV and EPSV do not ask for PROT P";
    for (const char* verb : {"STOR a", "RETR a", "NLST", "LIST", "STOU", "APPE a", "MLSD"}) {
        EXPECT_THAT(client->ask(verb), StartsWith("521")) << verb;
    }
    EXPECT_TRUE(alive()) << "the backend saw a transfer command";
}

TEST_F(FtpData, Rfc4217_8_ProtBehindPasvCounts) {
    allow_clear();
    log_in();
    auto port = passive();
    ASSERT_THAT(client->ask("PROT C"), StartsWith("200"));
    order("RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    serve_some();
    protect = false;
    expect_some();
    port = passive();
    ASSERT_THAT(client->ask("PROT P"), StartsWith("200"));
    order("RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    ASSERT_TRUE(client->secure_data(data));
    serve_some();
    protect = true;
    expect_some();
}

TEST_F(FtpData, Rfc4217_10_2_FailedHandshakeIs522BehindThe150) {
    log_in();
    const auto port = passive();
    order("RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    data.send("no ClientHello, not even close\r\n");
    answer_abor();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_THAT(client->reply(), StartsWith("522"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpData, Rfc4217_10_2_FailedHandshakeOfAnUploadIsNoEmptyFile) {
    log_in();
    const auto port = passive();
    order("STOR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    data.send("no ClientHello, not even close\r\n");
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("522"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpData, Rfc4217_10_2_NotResumedIs522WhereResumptionIsRequired) {
    config.ftp.data = "session_reuse: require";
    log_in();
    download();  // resumed
    EXPECT_TRUE(SSL_session_reused(data.ssl()));
    expect_522(passive(), nullptr);
}

TEST_F(FtpData, ResumptionOffStillServesClientsThatTry) {
    config.ftp.data = "session_reuse: off";
    log_in();
    download();
    EXPECT_FALSE(SSL_session_reused(data.ssl()));
}

/// Some clients wait for the 150 before they start TLS; some backends send it only when their data
/// connection stands.
TEST_F(FtpData, Rfc4217_12_6_NobodyWaitsForTheHandshakeBeforeThe150) {
    log_in();
    const auto port = passive();
    client->send("RETR a");
    data = client->connect_data(port);  // connected, no ClientHello yet
    behind = backend.accept_data();
    ASSERT_TRUE(behind.open());
    EXPECT_EQ(backend.command(), "RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    ASSERT_TRUE(client->secure_data(data));
    serve_some();
    expect_some();
}

TEST_F(FtpData, Rfc4217_12_6_HandshakeBeforeTheCommand) {
    log_in();
    const auto port = passive();
    data = client->connect_data(port);
    // The handshake is answered only once the transfer began; this thread plays both sides.
    client->send("RETR a");
    behind = backend.accept_data();
    EXPECT_EQ(backend.command(), "RETR a");
    backend.reply("150 here");
    ASSERT_TRUE(client->secure_data(data)) << "needs the 150 to be read first";
    EXPECT_EQ(client->reply(), "150 here");
    serve_some();
    expect_some();
}

TEST_F(FtpData, Rfc4217_12_7_CloseNotifyPrecedesThe226) {
    log_in();
    begin("RETR a");
    ASSERT_TRUE(behind.send(some()));
    behind.close();
    EXPECT_EQ(data.take(some().size()), some());
    EXPECT_TRUE(data.silent()) << "close_notify before the backend called it a success";
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
    // Both are here now, whichever came first; that none is missing is what can be seen.
    EXPECT_EQ(data.rest().ending, Ending::close_notify);
}

TEST_F(FtpData, Rfc4217_15_1_1_DataCertificateIsThatOfTheControlConnection) {
    log_in();
    const auto port = passive();
    order("RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = client->connect_data(port);
    ASSERT_TRUE(data.secure(client->context(), nullptr, ""));  // full handshake, no SNI
    const auto control = certificate_of(client->control());
    const auto other = certificate_of(data);
    ASSERT_TRUE(control && other);
    EXPECT_EQ(X509_cmp(control.get(), other.get()), 0);
}

class FtpDataVersions : public FtpData, public ::testing::WithParamInterface<int> {
  protected:
    FtpDataVersions() { options.tls_version = GetParam(); }
};

/// A ticket that a pure sender leaves unread turns its close into RST (openssl/openssl#10880).
TEST_P(FtpDataVersions, ManyTransfersResumeAndUploadsGetNoTicket) {
    config.ftp.data = "session_reuse: require";
    log_in();
    for (int i = 0; i < 4; ++i) {
        download();
        EXPECT_TRUE(SSL_session_reused(data.ssl()));
        upload();
        EXPECT_TRUE(SSL_session_reused(data.ssl()));
        EXPECT_EQ(data.rest().ending, Ending::close_notify);
        download();
        EXPECT_TRUE(SSL_session_reused(data.ssl()));
    }
}

TEST_P(FtpDataVersions, SessionOfAnotherControlConnectionIsNotResumed) {
    config.ftp.data = "session_reuse: require";
    log_in();
    static_cast<void>(passive());
    const TlsSession stolen = client->session();
    ASSERT_NE(stolen, nullptr);
    log_in();
    expect_522(passive(), stolen);
}

INSTANTIATE_TEST_SUITE_P(
    Tls,
    FtpDataVersions,
    ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
    [](const auto& version) { return version.param == TLS1_2_VERSION ? "1_2" : "1_3"; }
);

}  // namespace
}  // namespace hsmfront::test
