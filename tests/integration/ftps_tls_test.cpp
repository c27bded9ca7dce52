// TLS of FTPS on the wire: each test is named for the RFC and the section it is about.
#include "ftp_scene.hpp"
#include "tests/harness/material.hpp"

#include <openssl/x509.h>

namespace hsmfront::test {
namespace {

/// What the client of the test in hand has received. One thread plays all.
struct Received {
    int alert = -1;  ///< the last one
    int tickets = 0;
    int certificate_requests = 0;
    int key_updates = 0;
};

Received received;

void note_message(int sent, int, int type, const void* bytes, std::size_t size, SSL*, void*) {
    const auto* message = static_cast<const unsigned char*>(bytes);
    if (sent != 0 || size == 0) {
        return;
    }
    if (type == SSL3_RT_ALERT && size == 2) {
        received.alert = message[1];
    } else if (type == SSL3_RT_HANDSHAKE) {
        received.tickets += *message == SSL3_MT_NEWSESSION_TICKET ? 1 : 0;
        received.certificate_requests += *message == SSL3_MT_CERTIFICATE_REQUEST ? 1 : 0;
        received.key_updates += *message == SSL3_MT_KEY_UPDATE ? 1 : 0;
    }
}

TlsSession copy_of(const TlsSession& session) {
    return {SSL_SESSION_dup(session.get()), SSL_SESSION_free};
}

bool shows(const Wire& wire, const char* key_type) {
    X509* const certificate = SSL_get0_peer_certificate(wire.ssl());
    return certificate != nullptr && EVP_PKEY_is_a(X509_get0_pubkey(certificate), key_type) == 1;
}

class FtpsTls : public FtpScene {
  protected:
    FtpsTls() { received = {}; }

    /// A connection in clear whose context can be changed before auth() or enter().
    SSL_CTX* approach() {
        connect();
        SSL_CTX_set_msg_callback(client->context(), note_message);
        return client->context();
    }
    /// TLS and login.
    void enter() {
        ASSERT_NO_FATAL_FAILURE(auth());
        ASSERT_TRUE(relayed("USER ann", "230 in"));
        ASSERT_THAT(client->ask("PBSZ 0"), StartsWith("200"));
        ASSERT_THAT(client->ask("PROT P"), StartsWith("200"));
        protect = true;
    }
    /// The handshake of the control connection, which need not succeed.
    bool shake_hands(const TlsSession& session, const std::string& name = "localhost") {
        EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
        return client->control().secure(client->context(), session, name);
    }
    bool shake_hands() { return shake_hands(nullptr); }

    /// The data connection of a RETR in hand, before its handshake.
    void open_data() {
        const auto port = passive();
        ASSERT_NO_FATAL_FAILURE(order("RETR a"));
        backend.reply("150 here");
        ASSERT_EQ(client->reply(), "150 here");
        data = client->connect_data(port);
        ASSERT_TRUE(data.open());
    }
    void download(const TlsSession& session, const std::string& name = "localhost") {
        open_data();
        ASSERT_TRUE(data.secure(client->context(), session, name));
        serve_some();
        expect_some();
    }
    void expect_522(SSL_CTX* context, const TlsSession& session) {
        open_data();
        const bool secured = data.secure(context, session, "localhost");
        answer_abor();
        EXPECT_EQ(behind.rest().ending, Ending::reset);
        if (secured) {
            EXPECT_NE(data.rest().ending, Ending::close_notify);
        }
        EXPECT_THAT(client->reply(), StartsWith("522"));
        EXPECT_TRUE(alive());
    }
};

class FtpsTlsVersions : public FtpsTls, public ::testing::WithParamInterface<int> {
  protected:
    FtpsTlsVersions() { options.tls_version = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(
    Tls,
    FtpsTlsVersions,
    ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
    [](const auto& version) { return version.param == TLS1_2_VERSION ? "1_2" : "1_3"; }
);

TEST_P(FtpsTlsVersions, Rfc8446_6_1_CloseNotifyEndsOneDirectionOnly) {
    log_in();
    begin("STOR a");
    ASSERT_TRUE(data.send(some()));
    data.send_close_notify();  // and no FIN
    EXPECT_TRUE(behind.rest().bytes == some());
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_EQ(data.rest().ending, Ending::close_notify) << "theirs does not come";
    begin("RETR a");
    data.send_close_notify();  // has nothing to send; wants all the same
    serve_some();
    expect_some();
}

TEST_P(FtpsTlsVersions, Rfc8446_6_1_EofWithoutCloseNotifyIsTruncation) {
    log_in();
    begin("STOR a");
    ASSERT_TRUE(data.send(some()));
    data.send_fin();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpsTls, Rfc8446_4_6_1_EachPassiveOrActiveReplyBringsAFreshTicket) {
    approach();
    enter();
    constexpr std::uint32_t week = 7 * 24 * 3600;
    WireListener listener;
    const auto number = listener.port();
    for (const std::string& command :
         {std::string("EPSV"),
          std::string("PASV"),
          "PORT " + port_argument("127.0.0.1", number),
          "EPRT |1|127.0.0.1|" + std::to_string(number) + "|"}) {
        const int before = received.tickets;
        client->send(command);
        ASSERT_TRUE(backend.answer_epsv()) << command;
        EXPECT_THAT(client->reply(), StartsWith("2")) << command;
        EXPECT_EQ(received.tickets, before + 1) << command;
        EXPECT_LE(SSL_SESSION_get_ticket_lifetime_hint(client->session().get()), week);
    }
}

/// A client that only writes answers a ticket with RST (openssl/openssl#10880).
TEST_F(FtpsTls, Rfc8446_4_6_1_UploadDataConnectionsBringNoTicket) {
    approach();
    enter();
    for (const bool resumes : {true, false}) {
        const auto port = passive();
        order("STOR a");
        backend.reply("150 here");
        EXPECT_EQ(client->reply(), "150 here");
        const int before = received.tickets;
        data = client->connect_data(port);
        ASSERT_TRUE(client->secure_data(data, resumes ? client->session() : nullptr));
        EXPECT_EQ(SSL_session_reused(data.ssl()) == 1, resumes);
        ASSERT_TRUE(data.send(some()));
        data.finish();
        EXPECT_TRUE(behind.rest().bytes == some());
        backend.reply("226 done");
        EXPECT_EQ(client->reply(), "226 done");
        EXPECT_EQ(data.rest().ending, Ending::close_notify);
        EXPECT_EQ(received.tickets, before);
    }
}

TEST_F(FtpsTls, Rfc8446_8_NoEarlyData) {
    log_in();
    static_cast<void>(passive());
    ASSERT_NE(client->session(), nullptr);
    EXPECT_EQ(SSL_SESSION_get_max_early_data(client->session().get()), 0U);
}

TEST_F(FtpsTls, Rfc8446_4_2_3_RsaKeysSignWithPss) {
    config.ftp.alias = "rsa";
    approach();
    enter();
    int type = NID_undef;
    ASSERT_EQ(SSL_get_peer_signature_type_nid(client->control().ssl(), &type), 1);
    EXPECT_EQ(type, EVP_PKEY_RSA_PSS);
    SSL_CTX* const context = approach();
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(context, "RSA+SHA256"), 1);
    EXPECT_FALSE(shake_hands()) << "PKCS #1 v1.5 is for certificates only";
}

TEST_F(FtpsTls, Rfc8446_4_2_3_Sha1SignsNothing) {
    config.ftp.alias = "rsa";
    options.tls_version = TLS1_2_VERSION;
    SSL_CTX* const context = approach();
    SSL_CTX_set_security_level(context, 0);
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(context, "RSA+SHA1"), 1);
    EXPECT_FALSE(shake_hands());
}

TEST_F(FtpsTls, Rfc8446_4_6_3_KeyUpdatesOfTheClientAreFollowed) {
    approach();
    enter();
    begin("STOR a");
    for (const int type : {SSL_KEY_UPDATE_REQUESTED, SSL_KEY_UPDATE_NOT_REQUESTED}) {
        ASSERT_TRUE(data.send(some()));
        ASSERT_EQ(SSL_key_update(data.ssl(), type), 1);
    }
    ASSERT_TRUE(data.send("end"));
    data.finish();
    EXPECT_TRUE(behind.rest().bytes == some() + some() + "end");
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_EQ(data.rest().ending, Ending::close_notify);
    EXPECT_EQ(received.key_updates, 1);
}

TEST_P(FtpsTlsVersions, Rfc8446_4_4_2_2_NoFittingCertificateIsAHandshakeFailure) {
    SSL_CTX* const context = approach();  // the only key is EC
    ASSERT_EQ(SSL_CTX_set1_sigalgs_list(context, "RSA-PSS+SHA256:RSA+SHA384"), 1);
    EXPECT_FALSE(shake_hands());
    EXPECT_EQ(received.alert, SSL_AD_HANDSHAKE_FAILURE);
    EXPECT_TRUE(front->logged("signature algorithms rsa_pss_rsae_sha256:rsa_pkcs1_sha384"));
    EXPECT_THAT(
        front->line_with("the client offers"),
        ::testing::ContainsRegex("offers ciphers [A-Z0-9_:-]*AES")
    );
}

TEST_F(FtpsTls, Rfc8446_4_6_2_NoRenegotiation) {
    options.tls_version = TLS1_2_VERSION;
    approach();
    enter();
    SSL* const ssl = client->control().ssl();
    ASSERT_EQ(SSL_renegotiate(ssl), 1);
    EXPECT_NE(SSL_do_handshake(ssl), 1);
    EXPECT_EQ(received.alert, SSL_AD_NO_RENEGOTIATION);
}

TEST_F(FtpsTls, Rfc8446_4_6_2_NoPostHandshakeAuthentication) {
    SSL_CTX_set_post_handshake_auth(approach(), 1);
    enter();
    begin("RETR a");
    serve_some();
    expect_some();
    EXPECT_TRUE(alive());
    EXPECT_EQ(received.certificate_requests, 0);
}

class TicketOrId : public FtpsTls, public ::testing::WithParamInterface<bool> {
  protected:
    TicketOrId() {
        options.tls_version = TLS1_2_VERSION;
        config.ftp.data = "session_reuse: require";
    }
    /// A session whose client knows tickets, or not.
    void enter_with() {
        SSL_CTX* const context = approach();
        SSL_CTX_set_options(context, GetParam() ? 0 : SSL_OP_NO_TICKET);
        enter();
        ASSERT_NE(client->session(), nullptr);
        EXPECT_EQ(SSL_SESSION_has_ticket(client->session().get()) == 1, GetParam());
    }
};

INSTANTIATE_TEST_SUITE_P(Way, TicketOrId, ::testing::Bool(), [](const auto& ticket) {
    return ticket.param ? "Ticket" : "Id";
});

TEST_P(TicketOrId, Rfc5077_TicketAndIdAreBothBoundToTheControlSession) {
    enter_with();
    const TlsSession first = copy_of(client->session());
    for (int i = 0; i < 3; ++i) {
        download(copy_of(client->session()));
        EXPECT_EQ(SSL_session_reused(data.ssl()), 1);
    }
    const auto keep = std::move(client);  // the first session goes on
    enter_with();
    expect_522(client->context(), copy_of(first));
    download(copy_of(client->session()));
}

TEST_P(TicketOrId, Rfc5077_ControlConnectionsResumeByTicketOnly) {
    enter_with();
    const TlsSession first = copy_of(client->session());
    const auto keep = std::move(client);
    SSL_CTX* const context = approach();
    SSL_CTX_set_options(context, GetParam() ? 0 : SSL_OP_NO_TICKET);
    ASSERT_TRUE(shake_hands(first));
    EXPECT_EQ(SSL_session_reused(client->control().ssl()) == 1, GetParam());
}

TEST_P(TicketOrId, Rfc7627_5_3_ResumptionWithoutExtendedMasterSecretProvesNothing) {
    SSL_CTX* const context = approach();
    SSL_CTX_set_options(
        context, SSL_OP_NO_EXTENDED_MASTER_SECRET | (GetParam() ? 0 : SSL_OP_NO_TICKET)
    );
    enter();
    expect_522(context, copy_of(client->session()));
    EXPECT_TRUE(front->logged("no extended master secret (RFC 7627)"));
}

TEST_P(TicketOrId, Rfc7627_5_3_WhereResumptionIsOptionalItIsAFullHandshake) {
    config.ftp.data = "session_reuse: accept";
    SSL_CTX* const context = approach();
    SSL_CTX_set_options(
        context, SSL_OP_NO_EXTENDED_MASTER_SECRET | (GetParam() ? 0 : SSL_OP_NO_TICKET)
    );
    enter();
    download(copy_of(client->session()));
    EXPECT_EQ(SSL_session_reused(data.ssl()), 0);
}

class SeveralHosts : public FtpsTls {
  protected:
    SeveralHosts() { config.ftp.extra = "hosts: { other.test: { alias: rsa } }\n"; }
};

TEST_F(SeveralHosts, Rfc6066_3_AnAddressLiteralIsNoName) {
    for (const char* name : {"127.0.0.1", "::1", "1.2.3.4"}) {
        approach();
        ASSERT_TRUE(shake_hands(nullptr, name)) << name;
        EXPECT_TRUE(shows(client->control(), "EC")) << name;
    }
}

TEST_F(SeveralHosts, Rfc6066_3_Tls12IsNotResumedUnderAnotherName) {
    options.tls_version = TLS1_2_VERSION;
    options.server_name = "other.test";
    approach();
    enter();
    const TlsSession session = copy_of(client->session());
    download(copy_of(session), "nonsense.test");
    EXPECT_EQ(SSL_session_reused(data.ssl()), 1) << "carries the tag, whatever its name";
    for (const char* name : {"other.test", "localhost", ""}) {
        approach();
        ASSERT_TRUE(shake_hands(copy_of(session), name)) << name;
        EXPECT_EQ(SSL_session_reused(client->control().ssl()) == 1, name == options.server_name);
    }
}

TEST_F(SeveralHosts, Rfc4217_15_1_1_DataConnectionsIgnoreSni) {
    config.ftp.data = "session_reuse: accept";
    for (const bool named : {true, false}) {
        options.server_name = named ? "other.test" : "localhost";
        approach();
        enter();
        EXPECT_TRUE(shows(client->control(), named ? "RSA" : "EC"));
        for (const char* name : {"other.test", "localhost", ""}) {
            download(nullptr, name);
            EXPECT_TRUE(shows(data, named ? "RSA" : "EC")) << name;
            static_cast<void>(passive());
            download(client->session(), name);
            EXPECT_EQ(SSL_session_reused(data.ssl()), 1) << name;
        }
    }
}

bool offer(SSL_CTX* context, const std::string& protocol) {
    const std::string wire = static_cast<char>(protocol.size()) + protocol;
    return SSL_CTX_set_alpn_protos(
               context,
               reinterpret_cast<const unsigned char*>(wire.data()),
               static_cast<unsigned int>(wire.size())
           ) == 0;
}

TEST_P(FtpsTlsVersions, Rfc7301_3_2_NoCommonProtocolEndsTheControlConnection) {
    for (const char* protocol : {"http/1.1", "ftp-data", "x-filezilla-ftp"}) {
        ASSERT_TRUE(offer(approach(), protocol));
        EXPECT_FALSE(shake_hands());
        EXPECT_EQ(received.alert, SSL_AD_NO_APPLICATION_PROTOCOL) << protocol;
    }
    ASSERT_TRUE(offer(approach(), "ftp"));
    enter();
    EXPECT_TRUE(alive());
}

TEST_P(FtpsTlsVersions, Rfc7301_3_2_DataConnectionsTakeWhatClientsSendThere) {
    SSL_CTX* const context = approach();
    ASSERT_TRUE(offer(context, "ftp"));
    enter();
    for (const char* protocol : {"ftp", "ftp-data"}) {
        ASSERT_TRUE(offer(context, protocol));
        download(nullptr);
    }
    ASSERT_TRUE(offer(context, "http/1.1"));
    expect_522(context, nullptr);
    EXPECT_EQ(received.alert, SSL_AD_NO_APPLICATION_PROTOCOL);
}

TEST_F(FtpsTls, Rfc8996_NoTls10And11) {
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        options.tls_version = version;
        SSL_CTX* const context = approach();
        SSL_CTX_set_security_level(context, 0);
        EXPECT_FALSE(shake_hands());
        EXPECT_EQ(received.alert, SSL_AD_PROTOCOL_VERSION);
    }
}

}  // namespace
}  // namespace hsmfront::test
