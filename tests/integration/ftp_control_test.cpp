// FTP over TLS, control: lines, replies and what may come during a transfer. Each test is named
// for the RFC and the section it is about.
#include "ftp_scene.hpp"

namespace hsmfront::test {
namespace {

class FtpControl : public FtpScene {
  protected:
    /// `bytes` must end the session without anything of it at the backend.
    void expect_refused(const std::string& bytes) {
        client->control().send(bytes);
        const auto rest = client->control().rest();
        EXPECT_THAT(rest.bytes, StartsWith("500"));
        EXPECT_EQ(rest.ending, Ending::close_notify);
        EXPECT_THAT(backend.command(), StartsWith("<"));
    }
};

TEST_F(FtpControl, Rfc4217_14_TelnetSignalsBeforeAborAreTakenOut) {
    log_in();
    begin("RETR a");
    ASSERT_TRUE(behind.send(some()));
    client->control().send(
        "\xff\xf4\xff\xf2"
        "ABOR\r\n"
    );
    answer_abor();
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    EXPECT_EQ(client->reply(), "426 broken");
    EXPECT_EQ(client->reply(), "226 aborted");
    EXPECT_TRUE(alive()) << "more than one command came out of it";
}

TEST_F(FtpControl, Rfc959_4_1_3_AborAsUrgentData) {
    allow_clear();
    log_in(Mode::clear);
    begin("RETR a");
    ASSERT_TRUE(behind.send(some()));
    client->control().send("\xff\xf4\xff");
    client->control().send_urgent('\xf2');
    client->control().send("ABOR\r\n");
    answer_abor();
    EXPECT_EQ(data.rest().ending, Ending::reset);
    EXPECT_EQ(client->reply(), "426 broken");
    EXPECT_EQ(client->reply(), "226 aborted");
    EXPECT_TRUE(alive());
}

TEST_F(FtpControl, Rfc959_4_1_3_AborInAnUploadIs426Then226) {
    log_in();
    begin("STOR a");
    ASSERT_TRUE(data.send("some"));
    EXPECT_EQ(behind.take(4), "some");
    client->send("ABOR");
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_EQ(client->reply(), "226 aborted");
    EXPECT_NE(data.rest().ending, Ending::close_notify);
    EXPECT_TRUE(alive());
}

TEST_F(FtpControl, Rfc959_4_1_3_AborAfterTheTransferIs226Only) {
    log_in();
    begin("RETR a");
    behind.close();
    backend.reply("226 done");
    EXPECT_EQ(data.rest().ending, Ending::close_notify);
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_TRUE(relayed("ABOR", "226 nothing to abort"));
    EXPECT_TRUE(alive());
}

/// The backend was done before it saw ABOR: its 226 must not become one of the transfer.
TEST_F(FtpControl, Rfc959_4_1_3_AborThatMeetsASuccess) {
    log_in();
    begin("RETR a");
    ASSERT_TRUE(behind.send(some()));
    client->send("ABOR");
    EXPECT_EQ(backend.command(), "ABOR");
    backend.reply("226 all sent");
    backend.reply("226 nothing to abort");
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_EQ(client->reply(), "226 nothing to abort");
    EXPECT_TRUE(alive());
}

TEST_F(FtpControl, Rfc959_4_1_1_QuitWaitsForTheTransfer) {
    log_in();
    begin("RETR a");
    client->send("QUIT");
    ASSERT_TRUE(behind.send(some()));
    EXPECT_TRUE(backend.control().silent()) << "QUIT overtook the transfer";
    behind.close();
    backend.reply("226 done");
    EXPECT_EQ(data.rest().bytes, some());
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_EQ(backend.command(), "QUIT");
    backend.reply("221 bye");
    EXPECT_EQ(client->reply(), "221 bye");
    EXPECT_EQ(client->reply(), "<close_notify>");
}

TEST_F(FtpControl, Rfc959_4_1_1_StatAndReinWaitForTheTransfer) {
    log_in();
    begin("STOR a");
    client->control().send("STAT\r\nREIN\r\n");
    ASSERT_TRUE(data.send(some()));
    data.finish();
    EXPECT_EQ(behind.rest().bytes, some());
    backend.reply("226 done");
    EXPECT_EQ(client->reply(), "226 done");
    EXPECT_EQ(backend.command(), "STAT");
    backend.reply("211 fine");
    EXPECT_EQ(client->reply(), "211 fine");
    EXPECT_THAT(client->reply(), StartsWith("220"));
}

TEST_F(FtpControl, Rfc959_4_1_1_ClientThatVanishesIsAborAndQuit) {
    log_in();
    begin("STOR a");
    ASSERT_TRUE(data.send("some"));
    EXPECT_EQ(behind.take(4), "some");
    client->control().reset();
    EXPECT_EQ(behind.rest().ending, Ending::reset);
    EXPECT_EQ(backend.command(), "ABOR");
    EXPECT_EQ(backend.command(), "QUIT");
}

TEST_F(FtpControl, Rfc959_4_2_LinesOfAReplyMayBeginWithDigits) {
    log_in();
    EXPECT_TRUE(relayed(
        "STAT", "211-first\r\n2119 files\r\n211-211 more\r\n 211 padded\r\n200-x\r\n211 last"
    ));
    EXPECT_TRUE(alive());
}

TEST_F(FtpControl, Rfc959_5_4_120Before220IsRelayed) {
    start();
    client = std::make_unique<FtpsClient>(config.ftp.implicit_port, options);
    ASSERT_TRUE(client->secure());
    ASSERT_TRUE(backend.accept());
    backend.reply("120 in a minute");
    EXPECT_EQ(client->reply(), "120 in a minute");
    backend.reply("220 now");
    EXPECT_EQ(client->reply(), "220 now");
    EXPECT_TRUE(relayed("USER ann", "331 password"));
}

TEST_F(FtpControl, Rfc959_5_4_120BehindAuthIsWaitedOut) {
    connect();
    EXPECT_THAT(client->ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(client->secure());
    ASSERT_TRUE(backend.accept());
    client->send("USER ann");
    backend.reply("120 in a minute");
    EXPECT_TRUE(backend.control().silent()) << "a command before the 220";
    backend.reply("220 now");
    EXPECT_EQ(backend.command(), "USER ann");
    backend.reply("331 password");
    EXPECT_EQ(client->reply(), "331 password");
}

TEST_F(FtpControl, Rfc959_5_4_OnlyA421MayComeUnasked) {
    log_in();
    backend.reply("421 going down");
    EXPECT_EQ(client->reply(), "421 going down");
    EXPECT_EQ(client->reply(), "<close_notify>");
}

TEST_F(FtpControl, Rfc959_5_4_OtherUnaskedRepliesAreNotRelayed) {
    log_in();
    backend.reply("200 by the way");
    EXPECT_THAT(client->reply(), StartsWith("421"));
    EXPECT_EQ(client->reply(), "<close_notify>");
}

TEST_F(FtpControl, Rfc959_5_4_RepliesKeepTheOrderOfPipelinedCommands) {
    log_in();
    client->control().send("PWD\r\nPBSZ 0\r\nSYST\r\nAUTH TLS\r\nFEAT\r\nNOOP\r\n");
    EXPECT_EQ(backend.command(), "PWD");
    EXPECT_TRUE(backend.control().silent()) << "a second command before the first one's reply";
    backend.reply("257 \"/\"");
    EXPECT_EQ(backend.command(), "SYST");
    backend.reply("215 UNIX");
    EXPECT_EQ(backend.command(), "FEAT");
    backend.reply("502 no");
    EXPECT_EQ(backend.command(), "NOOP");
    backend.reply("250 noop");
    for (const char* code : {"257", "200", "215", "503", "211", "250"}) {
        EXPECT_THAT(client->reply(), StartsWith(code));
    }
}

TEST_F(FtpControl, Rfc959_5_3_BareLfEndsTheSession) {
    log_in();
    expect_refused("NOOP\nDELE a\r\n");
}

TEST_F(FtpControl, Rfc959_5_3_BareCrEndsTheSession) {
    log_in();
    expect_refused("NOOP\rDELE a\r\n");
}

TEST_F(FtpControl, Rfc959_5_3_NulEndsTheSession) {
    log_in();
    expect_refused(std::string("DELE a\0b\r\n", 10));
}

TEST_F(FtpControl, LinesWithoutEndEndTheSession) {
    log_in();
    expect_refused(std::string(100'000, 'x'));
}

TEST_F(FtpControl, Rfc959_5_3_DoubledIacIsOneByte) {
    log_in();
    client->send(
        "DELE a\xff\xff"
        "b"
    );
    EXPECT_EQ(
        backend.command(),
        "DELE a\xff"
        "b"
    );
}

TEST_F(FtpControl, Rfc3659_7_AllOctetsOfPathNamesPass) {
    log_in();
    std::string command = "DELE ";
    for (int byte = 1; byte < 255; ++byte) {
        if (byte != '\r' && byte != '\n') {
            command.push_back(static_cast<char>(byte));
        }
    }
    EXPECT_TRUE(relayed(command, "250 " + command));
}

TEST_F(FtpControl, Rfc3659_8_OptsUtf8Passes) {
    log_in();
    EXPECT_TRUE(relayed("OPTS UTF8 ON", "200 ok"));
    EXPECT_TRUE(relayed("SIZE \xc3\xa4\xe4", "213 1"));
}

TEST_F(FtpControl, Rfc2228_4_UserMayBeAnswered232) {
    connect();
    auth();
    EXPECT_TRUE(relayed("USER ann", "232 in by certificate"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpControl, Rfc2228_4_UserMayBeAnswered336) {
    connect();
    auth();
    EXPECT_TRUE(relayed("USER ann", "336 answer this challenge"));
    EXPECT_TRUE(relayed("PASS 42", "230 in"));
}

/// A browser made to talk to us (ALPACA) gets no byte it could take for an answer.
TEST_F(FtpControl, HttpIsCutWithoutAnAnswer) {
    connect(Mode::implicit_tls);
    client->control().send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\nUSER ann\r\n");
    EXPECT_EQ(client->control().rest().bytes, "");
    EXPECT_THAT(backend.command(), StartsWith("<"));
}

TEST_F(FtpControl, HttpInClearIsCutWithoutAnAnswer) {
    connect();
    client->control().send("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client->control().rest().bytes, "");
}

TEST_F(FtpControl, CommandsInClearAreRefusedBeforeAuth) {
    connect();
    EXPECT_THAT(client->ask("USER ann"), StartsWith("530"));
    EXPECT_THAT(client->ask("PASS secret"), StartsWith("530"));
    EXPECT_THAT(client->ask("EPSV"), StartsWith("530"));
    EXPECT_TRUE(backend.not_contacted());
}

}  // namespace
}  // namespace hsmfront::test
