// FTP over TLS, data: who connects to whom. Each test is named for the RFC and the section it is
// about.
#include "ftp_scene.hpp"

namespace hsmfront::test {
namespace {

class FtpEndpoint : public FtpScene {
  protected:
    void finish_download(std::uint16_t port) {
        order("RETR a");
        backend.reply("150 here");
        EXPECT_EQ(client->reply(), "150 here");
        data = client->connect_data(port);
        ASSERT_TRUE(client->secure_data(data));
        serve_some();
        expect_some();
    }
};

TEST_F(FtpEndpoint, Rfc4217_15_2_6_OtherAddressesCannotTakeTheDataConnection) {
    log_in();
    const auto port = passive();
    Wire early = client->connect_data(port, "127.0.0.2");
    client->send("RETR a");
    behind = backend.accept_data();
    EXPECT_EQ(backend.command(), "RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    Wire late = client->connect_data(port, "127.0.0.3");
    EXPECT_EQ(early.rest().bytes, "");
    EXPECT_EQ(late.rest().bytes, "");
    data = client->connect_data(port);
    ASSERT_TRUE(client->secure_data(data)) << "a thief ended the wait";
    serve_some();
    expect_some();
    EXPECT_NE(front->line_with("127.0.0.2"), "") << "not logged";
}

TEST_F(FtpEndpoint, Rfc4217_15_2_1_ForeignPortsAreRefused) {
    log_in();
    EXPECT_THAT(client->ask("PORT 127,0,0,2,200,1"), StartsWith("500"));
    EXPECT_THAT(client->ask("EPRT |1|127.0.0.2|50000|"), StartsWith("500"));
    EXPECT_THAT(client->ask("PORT 127,0,0,1,3,255"), StartsWith("504"));
    EXPECT_THAT(client->ask("EPRT |1|127.0.0.1|1023|"), StartsWith("504"));
    EXPECT_TRUE(alive()) << "the backend was asked for a port";
    EXPECT_THAT(client->ask("RETR a"), StartsWith("425"));
}

TEST_F(FtpEndpoint, Rfc959_3_2_NewPasvReplacesTheOldListener) {
    log_in();
    const auto first = passive();
    const auto second = passive();
    ASSERT_NE(first, second);
    EXPECT_FALSE(client->connect_data(first).open());
    finish_download(second);
}

TEST_F(FtpEndpoint, Rfc959_3_2_NewPortReplacesTheListener) {
    log_in();
    const auto port = passive();
    WireListener listener;
    client->send("PORT " + port_argument("127.0.0.1", listener.port()));
    ASSERT_TRUE(backend.answer_epsv());
    EXPECT_THAT(client->reply(), StartsWith("200"));
    EXPECT_FALSE(client->connect_data(port).open());
}

TEST_F(FtpEndpoint, Rfc959_3_2_ListenerEndsWithTheControlConnection) {
    log_in();
    const auto port = passive();
    client->control().reset();
    EXPECT_THAT(backend.command(), StartsWith("<"));
    EXPECT_TRUE(eventually([&] { return !client->connect_data(port).open(); }));
}

TEST_F(FtpEndpoint, Rfc959_3_2_AborEndsTheWaitForTheClient) {
    log_in();
    const auto port = passive();
    order("RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    client->send("ABOR");
    answer_abor();
    EXPECT_THAT(client->reply(), StartsWith("426"));
    EXPECT_EQ(client->reply(), "226 aborted");
    EXPECT_FALSE(client->connect_data(port).open());
    EXPECT_EQ(behind.rest().ending, Ending::reset);
}

TEST_F(FtpEndpoint, Rfc2428_3_EpsvReplyAndArgument) {
    log_in();
    client->send("EPSV 1");
    ASSERT_TRUE(backend.answer_epsv());
    const std::string reply = client->reply();
    const std::string port = std::to_string(passive_port_in(reply));
    EXPECT_THAT(reply, ::testing::EndsWith("(|||" + port + "|)"));
    EXPECT_EQ(reply.find('('), reply.rfind('(')) << "text with parentheses";
    EXPECT_THAT(client->ask("EPSV 2"), ::testing::AllOf(StartsWith("522"), HasSubstr("(1)")));
    EXPECT_THAT(client->ask("EPSV 7"), StartsWith("522"));
    EXPECT_THAT(client->ask("EPSV x"), StartsWith("501"));
}

TEST_F(FtpEndpoint, Rfc2428_3_EpsvOnIpv6) {
    options.address = "::1";
    log_in();
    EXPECT_THAT(client->ask("EPSV 1"), ::testing::AllOf(StartsWith("522"), HasSubstr("(2)")));
    EXPECT_THAT(client->ask("PASV"), StartsWith("425"));
    finish_download(passive());  // port of the control connection's address
}

TEST_F(FtpEndpoint, Rfc2428_3_EpsvAllHoldsBehindFailedTransfersToo) {
    log_in();
    EXPECT_THAT(client->ask("EPSV ALL"), StartsWith("200"));
    begin("RETR a");
    behind.reset();
    backend.reply("426 broken");
    EXPECT_EQ(client->reply(), "426 broken");
    EXPECT_THAT(client->ask("PASV"), StartsWith("5"));
    EXPECT_THAT(client->ask("PORT 127,0,0,1,200,1"), StartsWith("5"));
    EXPECT_THAT(client->ask("EPRT |1|127.0.0.1|50000|"), StartsWith("5"));
    finish_download(passive());
}

TEST_F(FtpEndpoint, Rfc2428_2_EprtDelimiterIsAnyOf33To126) {
    log_in();
    WireListener listener;
    const std::string number = std::to_string(listener.port());
    for (const char delimiter : {'!', '#', ',', '|', '~', 'x'}) {
        const std::string d(1, delimiter);
        client->send("EPRT " + d + "1" + d + "127.0.0.1" + d + number + d);
        EXPECT_TRUE(backend.answer_epsv()) << delimiter;
        EXPECT_THAT(client->reply(), StartsWith("200")) << delimiter;
    }
    for (const std::string d : {" ", "\t", "\x7f", "\xe4"}) {
        EXPECT_THAT(
            client->ask("EPRT " + d + "1" + d + "127.0.0.1" + d + number + d), StartsWith("501")
        );
    }
}

TEST_F(FtpEndpoint, Rfc2428_2_EprtFamilyAndAddressMustFit) {
    log_in();
    EXPECT_THAT(client->ask("EPRT |2|::1|50000|"), StartsWith("522"));
    EXPECT_THAT(client->ask("EPRT |3|127.0.0.1|50000|"), StartsWith("522"));
    for (const char* argument :
         {"|1|::1|50000|",
          "|1|127.0.0.1|0|",
          "|1|127.0.0.1|65536|",
          "|1|127.0.0.1|50000",
          "|1|127.0.0.1||",
          "",
          "|1|localhost|50000|",
          "|2|fe80::1%lo|50000|"}) {
        EXPECT_THAT(client->ask("EPRT " + std::string(argument)), StartsWith("501")) << argument;
    }
    EXPECT_TRUE(alive());
}

TEST_F(FtpEndpoint, MappedAddressesAreIpv4) {
    config.ftp.address = "::";
    log_in();  // over IPv4 to the IPv6 listener
    client->send("PASV");
    ASSERT_TRUE(backend.answer_epsv());
    const std::string reply = client->reply();
    EXPECT_THAT(reply, HasSubstr("(127,0,0,1,"));
    finish_download(passive_port_in(reply));
    WireListener listener;
    client->send("EPRT |1|127.0.0.1|" + std::to_string(listener.port()) + "|");
    ASSERT_TRUE(backend.answer_epsv());
    EXPECT_THAT(client->reply(), StartsWith("200"));
}

TEST_F(FtpEndpoint, ActiveModeOverIpv6) {
    options.address = "::1";
    log_in();
    WireListener listener("::1");
    client->send("EPRT |2|::1|" + std::to_string(listener.port()) + "|");
    ASSERT_TRUE(backend.answer_epsv());
    EXPECT_THAT(client->reply(), StartsWith("200"));
    order("RETR a");
    backend.reply("150 here");
    EXPECT_EQ(client->reply(), "150 here");
    data = listener.accept();
    ASSERT_TRUE(client->secure_data(data));
    serve_some();
    expect_some();
}

/// PASV replies as servers write them; their address is of no interest.
TEST_F(FtpEndpoint, Rfc1123_4_1_2_6_PasvRepliesVary) {
    log_in();
    client->send("EPSV");
    EXPECT_EQ(backend.command(), "EPSV");
    backend.reply("500 what?");
    const std::string high = std::to_string(backend.data_port() / 256);
    const std::string low = std::to_string(backend.data_port() % 256);
    bool first = true;
    for (const std::string text :
         {"Entering Passive Mode (127,0,0,1,", "Entering Passive Mode. 10,1,2,3,", "=0,0,0,0,"}) {
        if (!std::exchange(first, false)) {
            client->send("EPSV");
        }
        EXPECT_EQ(backend.command(), "PASV");
        backend.reply("227 " + text + high + "," + low + (text[0] == '=' ? "" : ")"));
        const auto port = passive_port_in(client->reply());
        ASSERT_NE(port, 0) << text;
        finish_download(port);
    }
}

TEST_F(FtpEndpoint, Rfc1123_4_1_2_6_PasvReplyWithoutAPortIs425) {
    log_in();
    client->send("PASV");
    EXPECT_EQ(backend.command(), "EPSV");
    backend.reply("500 what?");
    EXPECT_EQ(backend.command(), "PASV");
    backend.reply("227 Entering Passive Mode (127,0,0,1,256,1)");
    EXPECT_THAT(client->reply(), StartsWith("425"));
    EXPECT_TRUE(alive());
}

TEST_F(FtpEndpoint, Rfc3659_5_3_RestDirectlyPrecedesRetrAtTheBackend) {
    log_in();
    const auto port = passive();
    EXPECT_TRUE(relayed("REST 100", "350 go on"));
    finish_download(port);  // reads RETR as the very next command
}

TEST_F(FtpEndpoint, Rfc3659_5_3_ImpossibleOffsetsAreRefused) {
    log_in();
    for (const char* offset :
         {"-1", "+1", "", " 1", "1 ", "0x10", "9223372036854775808", "99999999999999999999999"}) {
        EXPECT_THAT(client->ask("REST " + std::string(offset)), StartsWith("501")) << offset;
    }
    EXPECT_TRUE(relayed("REST 9223372036854775807", "350 go on"));
}

TEST_F(FtpEndpoint, Rfc3659_4_SizeAndTypeAreTheBackends) {
    log_in();
    EXPECT_TRUE(relayed("TYPE A", "200 ascii"));
    EXPECT_TRUE(relayed("SIZE a", "550 not in ASCII"));
    EXPECT_TRUE(relayed("TYPE I", "200 image"));
    EXPECT_TRUE(relayed("SIZE a", "213 1"));
}

TEST_F(FtpEndpoint, Rfc3659_4_NoLineEndIsTouchedInAsciiType) {
    log_in();
    EXPECT_TRUE(relayed("TYPE A", "200 ascii"));
    const std::string text = "a\nb\r\nc\rd\r\r\n\n";
    begin("RETR a");
    ASSERT_TRUE(behind.send(text));
    behind.close();
    backend.reply("226 done");
    EXPECT_EQ(data.rest().bytes, text);
    EXPECT_EQ(client->reply(), "226 done");
    begin("STOR a");
    ASSERT_TRUE(data.send(text));
    data.finish();
    EXPECT_EQ(behind.rest().bytes, text);
}

TEST_F(FtpEndpoint, NoPortLeftIs425) {
    config.ftp.passive_last = config.ftp.passive_first;
    log_in();
    ASSERT_NE(passive(), 0);
    auto other = std::move(client);
    Wire control = std::move(backend.control());
    log_in();
    client->send("EPSV");
    EXPECT_TRUE(backend.answer_epsv());
    EXPECT_THAT(client->reply(), StartsWith("425"));
    EXPECT_TRUE(alive());
}

}  // namespace
}  // namespace hsmfront::test
