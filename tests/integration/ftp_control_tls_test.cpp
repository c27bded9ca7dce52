// FTP over TLS, control: AUTH, PBSZ, PROT, CCC, REIN and FEAT. Each test is named for the RFC and
// the section it is about.
#include "ftp_scene.hpp"

namespace hsmfront::test {
namespace {

class FtpControlTls : public FtpScene {};

TEST_F(FtpControlTls, Rfc4217_4_2_ReplyToAuthTlsIs234) {
    connect();
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234 "));
    EXPECT_TRUE(client->secure());
}

TEST_F(FtpControlTls, Rfc4217_4_2_AuthResetsTheSession) {
    allow_clear();
    log_in(Mode::clear);
    const auto port = passive();
    Wire old = std::move(backend.control());
    auth();
    EXPECT_EQ(old.rest().ending, Ending::fin) << "the backend still has the user of before";
    EXPECT_FALSE(client->connect_data(port).open()) << "the port of before is still there";
    EXPECT_TRUE(relayed("PWD", "530 log in first"));
    EXPECT_THAT(client->ask("PROT P"), StartsWith("503")) << "PBSZ comes first";
}

TEST_F(FtpControlTls, Rfc4217_4_2_AuthTwiceIs503) {
    log_in();
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("503"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpControlTls, Rfc4217_4_BytesBehindAuthAreNeverRun) {
    connect();
    client->control().send("AUTH TLS\r\nUSER eve\r\n");
    const auto rest = client->control().rest();
    EXPECT_EQ(rest.bytes, "") << "not even a 234";
    EXPECT_TRUE(backend.not_contacted());
}

TEST_F(FtpControlTls, Rfc4217_4_BytesBetweenAuthAndHandshakeAreNeverRun) {
    connect();
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    client->control().send("USER eve\r\n");
    EXPECT_FALSE(client->secure());
    EXPECT_TRUE(backend.not_contacted());
}

TEST_F(FtpControlTls, Rfc2228_3_UnknownMechanismIs504) {
    connect();
    EXPECT_THAT(client->ask("AUTH KERBEROS_V4"), StartsWith("504"));
    EXPECT_THAT(client->ask("AUTH"), StartsWith("501"));
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
}

TEST_F(FtpControlTls, Rfc4217_10_1_FailedHandshakeDropsTheConnection) {
    connect();
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    client->control().send("no ClientHello, not even close\r\n");
    const auto rest = client->control().rest();
    EXPECT_NE(rest.ending, Ending::silence);
    EXPECT_THAT(rest.bytes, Not(StartsWith("2")));
    EXPECT_TRUE(backend.not_contacted());
}

TEST_F(FtpControlTls, Rfc4217_10_1_RefusalAfterTheHandshakeIsAProtected421) {
    connect();
    backend.close_door();
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    EXPECT_THAT(client->reply(), StartsWith("421"));
    EXPECT_EQ(client->reply(), "<close_notify>");
}

TEST_F(FtpControlTls, Rfc4217_17_TlsCIsASynonym) {
    connect();
    EXPECT_THAT(client->ask("AUTH TLS-C"), StartsWith("234"));
    EXPECT_TRUE(client->secure());
    EXPECT_TRUE(backend.greet());
    EXPECT_TRUE(relayed("USER ann", "331 password"));
}

TEST_F(FtpControlTls, Rfc4217_17_ParametersAreCaseInsensitive) {
    connect();
    EXPECT_THAT(client->ask("auth tls"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    ASSERT_TRUE(backend.greet());
    EXPECT_THAT(client->ask("pbsz 0"), StartsWith("200"));
    EXPECT_THAT(client->ask("prot p"), StartsWith("200"));
}

TEST_F(FtpControlTls, Rfc4217_17_AuthSslProtectsDataFromTheStart) {
    connect();
    EXPECT_THAT(client->ask("AUTH SSL"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    ASSERT_TRUE(backend.greet());
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    protect = true;
    begin("RETR a");
    behind.close();
    backend.reply("226 done");
    EXPECT_EQ(data.rest().ending, Ending::close_notify);
    EXPECT_EQ(client->reply(), "226 done");
}

TEST_F(FtpControlTls, Rfc4217_6_FeatListsTlsOnceWithOneLeadingSpace) {
    log_in();
    client->send("FEAT");
    EXPECT_EQ(backend.command(), "FEAT");
    backend.reply("211-Features:\r\n AUTH TLS\r\n  SIZE\r\nMDTM\r\n PBSZ\r\n211 End");
    const std::string reply = client->reply();
    EXPECT_THAT(reply, StartsWith("211-"));
    EXPECT_TRUE(reply.ends_with("\r\n211 End")) << reply;
    for (const std::string name : {"AUTH TLS", "PBSZ", "PROT", "SIZE", "MDTM"}) {
        const std::string line = "\r\n " + name + "\r\n";
        const auto at = reply.find(line);
        EXPECT_NE(at, std::string::npos) << name << " is missing in " << reply;
        EXPECT_EQ(reply.find(name, at + 4), std::string::npos) << reply;
    }
    EXPECT_TRUE(alive()) << "a line behind 211 End";
}

TEST_F(FtpControlTls, Rfc4217_6_FeatBeforeTls) {
    connect();
    EXPECT_THAT(client->ask("FEAT"), HasSubstr("\r\n AUTH TLS\r\n"));
    EXPECT_TRUE(backend.not_contacted());
}

TEST_F(FtpControlTls, Rfc2228_3_PbszBeforeTlsIs503) {
    connect();
    EXPECT_THAT(client->ask("PBSZ 0"), StartsWith("503"));
    EXPECT_THAT(client->ask("PROT P"), StartsWith("503"));
}

TEST_F(FtpControlTls, Rfc2228_3_ProtBeforePbszIs503) {
    connect();
    auth();
    EXPECT_THAT(client->ask("PROT P"), StartsWith("503"));
}

TEST_F(FtpControlTls, Rfc4217_9_PbszIsAnsweredWithPbsz0) {
    connect();
    auth();
    EXPECT_THAT(client->ask("PBSZ 16384"), HasSubstr("PBSZ=0"));
    EXPECT_THAT(client->ask("PBSZ"), StartsWith("501"));
    EXPECT_THAT(client->ask("PBSZ x"), StartsWith("501"));
}

TEST_F(FtpControlTls, Rfc2228_3_ProtLevelsThatTlsLacks) {
    log_in();
    EXPECT_THAT(client->ask("PROT S"), StartsWith("536"));
    EXPECT_THAT(client->ask("PROT E"), StartsWith("536"));
    EXPECT_THAT(client->ask("PROT X"), StartsWith("504"));
    EXPECT_THAT(client->ask("PROT"), StartsWith("5"));
    begin("RETR a");  // still P
}

TEST_F(FtpControlTls, Rfc2228_3_ProtCAgainstPolicyIs534) {
    log_in();
    EXPECT_THAT(client->ask("PROT C"), StartsWith("534"));
    begin("RETR a");  // still P
}

TEST_F(FtpControlTls, Rfc4217_9_ExplicitBeginsAtProtC) {
    allow_clear();
    connect();
    auth();
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    begin("RETR a");  // in clear, though PROT was never said
    serve_some();
    expect_some();
}

TEST_F(FtpControlTls, Rfc4217_9_ImplicitBeginsAtProtP) {
    connect(Mode::implicit_tls);
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    begin("RETR a");  // in TLS, though PROT was never said
    serve_some();
    expect_some();
}

TEST_F(FtpControlTls, ImplicitClientsMaySayPbszAndProt) {
    log_in(Mode::implicit_tls);
    begin("RETR a");
}

TEST_F(FtpControlTls, Rfc2228_3_CccInClearIs533) {
    allow_clear();
    log_in(Mode::clear);
    EXPECT_THAT(client->ask("CCC"), StartsWith("533"));
}

TEST_F(FtpControlTls, Rfc2228_3_CccAgainstPolicyIs534) {
    log_in();
    EXPECT_THAT(client->ask("CCC"), StartsWith("534"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpControlTls, Rfc4217_5_CccBeforeLoginIsRefused) {
    config.ftp.extra = "allow_ccc: true\n";
    connect();
    auth();
    EXPECT_THAT(client->ask("CCC"), StartsWith("533"));
    EXPECT_TRUE(relayed("USER ann", "230 in")) << "no longer in TLS";
}

TEST_F(FtpControlTls, Rfc4217_5_CccKeepsTheTcpConnectionAndTheProtLevel) {
    config.ftp.extra = "allow_ccc: true\n";
    log_in();
    ASSERT_THAT(client->ask("CCC"), StartsWith("200"));
    ASSERT_TRUE(client->control().leave_tls());
    EXPECT_TRUE(alive());
    EXPECT_THAT(client->ask("PBSZ 0"), StartsWith("503"));
    EXPECT_THAT(client->ask("PROT C"), StartsWith("503"));
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("503"));
    begin("RETR a");  // in TLS
    serve_some();
    expect_some();
}

TEST_F(FtpControlTls, Rfc4217_5_BytesBehindCccAreNeverRun) {
    config.ftp.extra = "allow_ccc: true\n";
    log_in();
    client->control().send("CCC\r\nDELE a\r\n");
    static_cast<void>(client->control().rest());
    EXPECT_THAT(backend.command(), StartsWith("<"));
}

TEST_F(FtpControlTls, Rfc4217_13_ReinIsAnsweredInTlsThenTlsIsCleared) {
    log_in();
    EXPECT_THAT(client->ask("REIN"), StartsWith("220"));
    ASSERT_TRUE(client->control().leave_tls());
    EXPECT_THAT(backend.command(), StartsWith("<")) << "the backend still has the user";
    EXPECT_THAT(client->ask("USER ann"), StartsWith("530"));
    auth();
    EXPECT_THAT(client->ask("PROT P"), StartsWith("503")) << "PBSZ comes first";
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    EXPECT_EQ(passive() == 0, false);
    EXPECT_THAT(client->ask("RETR a"), StartsWith("521")) << "the PROT level of before";
}

TEST_F(FtpControlTls, Rfc4217_13_NoSessionOfBeforeReinIsResumed) {
    config.ftp.data = "session_reuse: require";
    log_in();
    static_cast<void>(passive());
    const TlsSession before = client->session();
    ASSERT_THAT(client->ask("REIN"), StartsWith("220"));
    ASSERT_TRUE(client->control().leave_tls());
    auth();
    ASSERT_TRUE(relayed("USER ann", "230 in"));
    ASSERT_THAT(client->ask("PBSZ 0"), StartsWith("200"));
    ASSERT_THAT(client->ask("PROT P"), StartsWith("200"));
    const auto port = passive();
    order("RETR a");
    backend.reply("150 here");
    EXPECT_THAT(client->reply(), StartsWith("150"));
    data = client->connect_data(port);
    static_cast<void>(client->secure_data(data, before));
    EXPECT_FALSE(SSL_session_reused(data.ssl()));
    EXPECT_THAT(data.rest().ending, Not(Ending::close_notify));
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("522"));
}

TEST_F(FtpControlTls, Rfc4217_13_ReinOnImplicitKeepsTlsAndProtP) {
    allow_clear();
    log_in(Mode::implicit_tls);
    ASSERT_THAT(client->ask("PROT C"), StartsWith("200"));
    client->send("REIN");
    ASSERT_TRUE(backend.greet());
    EXPECT_THAT(client->reply(), StartsWith("220"));
    ASSERT_TRUE(relayed("USER bob", "230 in"));
    begin("RETR a");  // in TLS, as at the beginning of an implicit session
    serve_some();
    expect_some();
}

}  // namespace
}  // namespace hsmfront::test
