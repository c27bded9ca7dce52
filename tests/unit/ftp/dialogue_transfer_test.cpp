// Dialogue: data connections, order of replies, failures. The tests' comments name the rule.
#include "dialogue_script.hpp"

namespace hsmfront::ftp::test {
namespace {

using testing::HasSubstr;
using Blame = DataEvent::Blame;
using Kind = DataEvent::Kind;

class FtpTransfer : public DialogueScript {};

TEST_F(FtpTransfer, PassiveAsksTheBackendFirst) {
    log_in();
    EXPECT_EQ(command("PASV"), (Words{"unlisten", "B EPSV"}));
    EXPECT_EQ(reply("229 ok (|||4000|)"), Words{"listen"});
    EXPECT_EQ(shown(dialogue_->on_listening(50000)), Words{"C+ 227"});
    EXPECT_EQ(last_answer_, "227 Entering Passive Mode (198,51,100,1,195,80).\r\n");
    EXPECT_EQ(command("EPSV"), (Words{"unlisten", "B EPSV"}));
    EXPECT_EQ(reply("229 ok (|||4001|)"), Words{"listen"});
    EXPECT_EQ(shown(dialogue_->on_listening(50001)), Words{"C+ 229"});
    EXPECT_EQ(last_answer_, "229 Entering Extended Passive Mode (|||50001|)\r\n");
}

TEST_F(FtpTransfer, FallsBackToPasvAndRemembers) {
    log_in();
    static_cast<void>(command("EPSV"));
    EXPECT_EQ(reply("500 what?"), Words{"B PASV"});
    EXPECT_EQ(reply("227 ok (10,0,0,1,15,160)"), Words{"listen"});
    EXPECT_EQ(shown(dialogue_->on_listening(50000)), Words{"C+ 229"});
    EXPECT_EQ(command("LIST"), Words{"download P 4000"});
    EXPECT_EQ(data(Kind::backend_unreachable), Words{"C 425"});
    EXPECT_EQ(command("EPSV"), (Words{"unlisten", "B PASV"}));
}

TEST_F(FtpTransfer, BackendWithoutPassiveModeIs425) {
    log_in();
    static_cast<void>(command("PASV"));
    EXPECT_EQ(reply("502 no"), Words{"B PASV"});
    EXPECT_EQ(reply("502 no"), Words{"C 425"});
    EXPECT_EQ(command("RETR a"), Words{"C 425"});
}

TEST_F(FtpTransfer, PassesOnThatTheBackendWantsALogin) {
    log_in();
    static_cast<void>(command("PASV"));
    EXPECT_EQ(reply("530 log in first"), Words{"C 530"});
    EXPECT_EQ(command("PASV"), (Words{"unlisten", "B EPSV"}));
}

TEST_F(FtpTransfer, NoFreePortIs425) {
    log_in();
    static_cast<void>(command("PASV"));
    static_cast<void>(reply("229 ok (|||4000|)"));
    EXPECT_EQ(shown(dialogue_->on_listening(std::nullopt)), Words{"C 425"});
    EXPECT_EQ(command("RETR a"), Words{"C 425"});
}

TEST_F(FtpTransfer, PortConnectsOut) {
    log_in();
    EXPECT_EQ(command("PORT 192,0,2,10,4,0"), (Words{"unlisten", "B EPSV"}));
    EXPECT_EQ(reply("229 ok (|||4000|)"), Words{"C+ 200"});
    EXPECT_EQ(command("STOR a"), Words{"upload P 4000 to 1024"});
}

TEST_F(FtpTransfer, EprtConnectsOut) {
    Policy policy = default_policy();
    policy.client = net::asio::ip::make_address("2001:db8::1");
    policy.advertised.reset();
    log_in(policy);
    EXPECT_EQ(command("EPRT |2|2001:DB8::1|5000|"), (Words{"unlisten", "B EPSV"}));
    EXPECT_EQ(reply("229 ok (|||4000|)"), Words{"C+ 200"});
    EXPECT_EQ(command("APPE a"), Words{"upload P 4000 to 5000"});
}

// lftp 4.9 over IPv6
TEST_F(FtpTransfer, AnyAddressMeansTheClients) {
    Policy policy = default_policy();
    policy.client = net::asio::ip::make_address("2001:db8::1");
    policy.advertised.reset();
    log_in(policy);
    EXPECT_EQ(command("EPRT |2|::|5000|"), (Words{"unlisten", "B EPSV"}));
    EXPECT_EQ(reply("229 ok (|||4000|)"), Words{"C+ 200"});
    EXPECT_EQ(command("EPRT |2|::|1023|"), Words{"C 504"});
}

// RFC 2577 §3: bounce
TEST_F(FtpTransfer, RefusesForeignAndLowPorts) {
    log_in();
    EXPECT_EQ(command("PORT 192,0,2,11,200,1"), Words{"C 500"});
    EXPECT_EQ(command("EPRT |1|192.0.2.11|5000|"), Words{"C 500"});
    EXPECT_EQ(command("PORT 192,0,2,10,3,255"), Words{"C 504"});
    EXPECT_EQ(command("EPRT |1|192.0.2.10|1023|"), Words{"C 504"});
    EXPECT_EQ(command("PORT 1,2,3"), Words{"C 501"});
    EXPECT_EQ(command("EPRT |1|192.0.2.10|x|"), Words{"C 501"});
}

// RFC 2428 §2, §3
TEST_F(FtpTransfer, TellsTheFamilyItTakes) {
    log_in();
    EXPECT_EQ(command("EPRT |2|::1|5000|"), Words{"C 522"});
    EXPECT_THAT(last_answer_, HasSubstr("(1)"));
    EXPECT_EQ(command("EPRT |3|x|5000|"), Words{"C 522"});
    EXPECT_EQ(command("EPSV 2"), Words{"C 522"});
    EXPECT_THAT(last_answer_, HasSubstr("(1)"));
    EXPECT_EQ(command("EPSV x"), Words{"C 501"});
    EXPECT_EQ(command("EPSV 1"), (Words{"unlisten", "B EPSV"}));
}

TEST_F(FtpTransfer, Ipv6ClientGetsEpsvOnly) {
    Policy policy = default_policy();
    policy.client = net::asio::ip::make_address("2001:db8::1");
    policy.advertised.reset();
    log_in(policy);
    EXPECT_EQ(command("PASV"), Words{"C 425"});
    EXPECT_EQ(command("EPSV 1"), Words{"C 522"});
    EXPECT_THAT(last_answer_, HasSubstr("(2)"));
    EXPECT_EQ(command("EPSV 2"), (Words{"unlisten", "B EPSV"}));
}

TEST_F(FtpTransfer, ComparesMappedAddresses) {
    Policy policy = default_policy();
    policy.client = net::asio::ip::make_address("::ffff:192.0.2.10");
    log_in(policy);
    EXPECT_EQ(command("PORT 192,0,2,10,200,1"), (Words{"unlisten", "B EPSV"}));
}

// RFC 2428 §4, proftpd/proftpd#2255
TEST_F(FtpTransfer, EpsvAllHoldsAfterFailedTransfersToo) {
    log_in();
    EXPECT_EQ(command("EPSV ALL"), Words{"C 200"});
    for (int round = 0; round < 2; ++round) {
        EXPECT_EQ(command("PASV"), Words{"C 501"});
        EXPECT_EQ(command("PORT 192,0,2,10,200,1"), Words{"C 501"});
        EXPECT_EQ(command("EPRT |1|192.0.2.10|5000|"), Words{"C 501"});
        EXPECT_EQ(command("EPSV"), (Words{"unlisten", "B EPSV"}));
        static_cast<void>(reply("229 ok (|||4000|)"));
        static_cast<void>(dialogue_->on_listening(50000));
        static_cast<void>(command("RETR a"));
        EXPECT_EQ(data(Kind::backend_unreachable), Words{"C 425"});
    }
}

// RFC 4217 §8, §10.2
TEST_F(FtpTransfer, ProtLevelCountsAtTheTransferCommand) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH TLS"));
    static_cast<void>(dialogue_->on_tls(TlsOutcome::up));
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    set_up_passive();
    for (const char* line : {"RETR a", "STOR a", "STOU", "APPE a", "LIST", "NLST", "MLSD"}) {
        EXPECT_EQ(command(line), Words{"C 521"}) << line;
    }
    static_cast<void>(command("PBSZ 0"));
    static_cast<void>(command("PROT P"));
    EXPECT_EQ(command("MLSD"), Words{"download P 4000"});
}

TEST_F(FtpTransfer, NeedsASetup) {
    log_in();
    EXPECT_EQ(command("RETR a"), Words{"C 425"});
    start_moving("RETR a");
    static_cast<void>(data(Kind::drained));
    static_cast<void>(reply("226 done"));
    static_cast<void>(data(Kind::complete));
    EXPECT_EQ(command("RETR a"), Words{"C 425"});
}

// RFC 3659 §5.3
TEST_F(FtpTransfer, RestDirectlyPrecedesRetrAtTheBackend) {
    log_in();
    set_up_passive();
    EXPECT_EQ(command("REST 100"), Words{"B REST 100"});
    EXPECT_EQ(reply("350 ok"), Words{"C 350"});
    EXPECT_EQ(command("RETR a"), Words{"download P 4000"});
    EXPECT_EQ(data(Kind::backend_connected), Words{"B RETR a"});
}

TEST_F(FtpTransfer, RefusesImpossibleOffsets) {
    log_in();
    for (const char* line :
         {"REST",
          "REST ",
          "REST -1",
          "REST -0",
          "REST +1",
          "REST 1 ",
          "REST 9223372036854775808"}) {
        EXPECT_EQ(command(line), Words{"C 501"}) << line;
    }
    EXPECT_EQ(command("REST 9223372036854775807"), Words{"B REST 9223372036854775807"});
}

TEST_F(FtpTransfer, BackendDataStandsBeforeTheCommandGoes) {
    log_in();
    set_up_passive();
    EXPECT_EQ(command("RETR a"), Words{"download P 4000"});
    EXPECT_EQ(data(Kind::backend_connected), Words{"B RETR a"});
    EXPECT_FALSE(dialogue_->data_moving());
    EXPECT_EQ(reply("150 here"), (Words{"C 150", "begin"}));
    EXPECT_TRUE(dialogue_->data_moving());
}

// RFC 4217 §12.7
TEST_F(FtpTransfer, DownloadReplyFollowsCloseNotify) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(data(Kind::drained), Words{});
    EXPECT_FALSE(dialogue_->data_moving());
    EXPECT_EQ(reply("226 done"), Words{"finish"});
    EXPECT_EQ(data(Kind::complete), Words{"C 226"});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

TEST_F(FtpTransfer, EarlyDownloadReplyWaitsForTheBytes) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(reply("226 done"), Words{});
    EXPECT_EQ(data(Kind::drained), Words{"finish"});
    EXPECT_EQ(data(Kind::complete), Words{"C 226"});
}

TEST_F(FtpTransfer, UploadReplyWaitsForTheBytes) {
    log_in();
    start_moving("STOR a");
    EXPECT_EQ(reply("226 done already"), Words{"confirm"});
    EXPECT_EQ(data(Kind::complete), Words{"C 226"});
}

TEST_F(FtpTransfer, UploadReplyOfTheBackendIsRelayed) {
    log_in();
    start_moving("STOU");
    EXPECT_EQ(data(Kind::complete), Words{});
    EXPECT_EQ(reply("250 FILE: x"), Words{"C 250"});
    EXPECT_EQ(last_answer_, "250 FILE: x\r\n");
}

TEST_F(FtpTransfer, RefusedTransferIsRelayed) {
    log_in();
    start("RETR a");
    EXPECT_EQ(reply("550 no such file"), (Words{"abort", "C 550"}));
    EXPECT_EQ(data(Kind::drained), Words{});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

TEST_F(FtpTransfer, BackendWithoutPreliminaryReply) {
    log_in();
    start("LIST");
    EXPECT_EQ(reply("226 done"), (Words{"C 150", "begin"}));
    EXPECT_EQ(data(Kind::drained), Words{"finish"});
    EXPECT_EQ(data(Kind::complete), Words{"C 226"});
}

TEST_F(FtpTransfer, BackendsDataPortNotReachableIs425) {
    log_in();
    set_up_passive();
    static_cast<void>(command("RETR a"));
    EXPECT_EQ(data(Kind::backend_unreachable), Words{"C 425"});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

// Promise 2: a truncated upload never becomes a complete file
TEST_F(FtpTransfer, TruncatedUploadIs426WhateverTheBackendSays) {
    for (const char* claimed : {"226 all received", "426 broken", "451 oops"}) {
        log_in();
        start_moving("STOR a");
        EXPECT_EQ(data_failed(Blame::client, 426), Words{"B ABOR"});
        EXPECT_EQ(reply(claimed), Words{"C 426"}) << claimed;
        EXPECT_EQ(last_answer_, "426 failed\r\n");
        EXPECT_EQ(command("PWD"), Words{});
        EXPECT_EQ(reply("225 nothing to abort"), Words{"B PWD"});
    }
}

TEST_F(FtpTransfer, BrokenDownloadIsNeverASuccess) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(data_failed(Blame::backend, 426), Words{});
    EXPECT_EQ(reply("226 all sent"), Words{"C 426"});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

TEST_F(FtpTransfer, BrokenDownloadTellsTheBackendsReason) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(data_failed(Blame::backend, 426), Words{});
    EXPECT_EQ(reply("451 disk"), Words{"C 451"});
}

TEST_F(FtpTransfer, NegativeReplyAfterTheDataCutsTheClient) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(data(Kind::drained), Words{});
    EXPECT_EQ(reply("451 read error"), (Words{"abort", "C 451"}));
}

TEST_F(FtpTransfer, DiskFullPassesThrough) {
    log_in();
    start_moving("STOR a");
    EXPECT_EQ(data_failed(Blame::backend, 426), Words{});
    EXPECT_EQ(reply("552 quota"), Words{"C 552"});
    start_moving("STOR a");
    EXPECT_EQ(reply("452 disk full"), (Words{"abort", "C 452"}));
    start_moving("STOR a");
    EXPECT_EQ(data(Kind::complete), Words{});
    EXPECT_EQ(reply("452 disk full"), Words{"C 452"});
}

TEST_F(FtpTransfer, ClientDropsADownload) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(data_failed(Blame::client, 426), Words{"B ABOR"});
    EXPECT_EQ(reply("426 write failed"), Words{"C 426"});
    EXPECT_EQ(last_answer_, "426 write failed\r\n");
    EXPECT_EQ(reply("226 aborted"), Words{});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

TEST_F(FtpTransfer, ClientLostAfterTheBackendsSuccess) {
    log_in();
    start_moving("RETR a");
    static_cast<void>(data(Kind::drained));
    EXPECT_EQ(reply("226 done"), Words{"finish"});
    EXPECT_EQ(data_failed(Blame::client, 426), Words{"C 426"});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

// RFC 4217 §10.2
TEST_F(FtpTransfer, FailedDataHandshakeIs522AfterThe150) {
    for (const char* line : {"RETR a", "STOR a"}) {
        log_in();
        start_moving(line);
        EXPECT_EQ(data_failed(Blame::client, 522), Words{"B ABOR"});
        EXPECT_EQ(reply("426 broken"), Words{"C 522"}) << line;
        EXPECT_EQ(reply("226 ok"), Words{});
    }
}

TEST_F(FtpTransfer, ClientThatNeverComesIs425) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(data_failed(Blame::client, 425), Words{"B ABOR"});
    EXPECT_EQ(reply("426 broken"), Words{"C 425"});
}

// RFC 959 §4.1.3
TEST_F(FtpTransfer, AborIs426Then226) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(command("ABOR"), (Words{"abort", "B ABOR"}));
    EXPECT_EQ(reply("426 aborted"), Words{"C 426"});
    EXPECT_EQ(reply("226 ok"), Words{"C 226"});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
}

TEST_F(FtpTransfer, AborNeverLeavesASuccessForTheTransfer) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(command("ABOR"), (Words{"abort", "B ABOR"}));
    EXPECT_EQ(reply("226 was done"), Words{"C 426"});
    EXPECT_EQ(reply("225 nothing to abort"), Words{"C 225"});
}

TEST_F(FtpTransfer, AborBehindOtherCommandsKeepsTheOrder) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(command("NOOP"), Words{});
    EXPECT_EQ(command("ABOR"), (Words{"abort", "B ABOR"}));
    EXPECT_EQ(reply("426 aborted"), Words{"C 426"});
    EXPECT_EQ(reply("226 ok"), Words{"B NOOP"});
    EXPECT_EQ(reply("200 noop"), (Words{"C 200", "B ABOR"}));
    EXPECT_EQ(reply("225 nothing"), Words{"C 225"});
}

TEST_F(FtpTransfer, AborBeforeTheCommandWentOut) {
    log_in();
    set_up_passive();
    static_cast<void>(command("RETR a"));
    EXPECT_EQ(command("ABOR"), (Words{"abort", "C 426", "B ABOR"}));
    EXPECT_EQ(reply("225 nothing"), Words{"C 225"});
}

TEST_F(FtpTransfer, AborAfterTheBackendsFinalReply) {
    log_in();
    start_moving("RETR a");
    static_cast<void>(reply("226 done"));
    EXPECT_EQ(command("ABOR"), (Words{"abort", "C 426", "B ABOR"}));
    EXPECT_EQ(reply("225 nothing"), Words{"C 225"});
}

TEST_F(FtpTransfer, AborAfterTheUploadsLastByteIsAnsweredInTurn) {
    log_in();
    start_moving("STOR a");
    static_cast<void>(data(Kind::complete));
    EXPECT_EQ(command("ABOR"), Words{});
    EXPECT_EQ(reply("226 done"), (Words{"C 226", "B ABOR"}));
}

TEST_F(FtpTransfer, AborTakesOverTheOneWeSent) {
    log_in();
    start_moving("STOR a");
    EXPECT_EQ(data_failed(Blame::client, 426), Words{"B ABOR"});
    EXPECT_EQ(command("ABOR"), Words{});
    EXPECT_EQ(reply("426 broken"), Words{"C 426"});
    EXPECT_EQ(reply("226 ok"), Words{"C 226"});
}

TEST_F(FtpTransfer, AborWithoutTransferIsForwarded) {
    log_in();
    EXPECT_EQ(command("ABOR"), Words{"B ABOR"});
    EXPECT_EQ(reply("225 nothing"), Words{"C 225"});
}

// RFC 959 §4.1.1
TEST_F(FtpTransfer, QuitAndStatWaitForTheTransfer) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(command("STAT"), Words{});
    EXPECT_EQ(command("QUIT"), Words{});
    static_cast<void>(data(Kind::drained));
    static_cast<void>(reply("226 done"));
    EXPECT_EQ(data(Kind::complete), (Words{"C 226", "B STAT"}));
    EXPECT_EQ(reply("211 ok"), (Words{"C 211", "B QUIT"}));
    EXPECT_EQ(reply("221 bye"), (Words{"C 221", "end"}));
}

TEST_F(FtpTransfer, ClientGoneIsAborAndQuit) {
    log_in();
    start_moving("STOR a");
    EXPECT_EQ(shown(dialogue_->on_client_gone("eof")), (Words{"abort", "B ABOR", "B QUIT", "cut"}));
}

TEST_F(FtpTransfer, BackendGoneCutsTheData) {
    for (const char* line : {"RETR a", "STOR a"}) {
        log_in();
        start_moving(line);
        EXPECT_EQ(shown(dialogue_->on_backend_gone("eof")), (Words{"abort", "C 421", "end"}));
    }
}

TEST_F(FtpTransfer, BackendGoneAfterTheLastByteStillCuts) {
    log_in();
    start_moving("RETR a");
    static_cast<void>(data(Kind::drained));
    EXPECT_EQ(shown(dialogue_->on_backend_gone("eof")), (Words{"abort", "C 421", "end"}));
}

TEST_F(FtpTransfer, FourTwoOneInATransferCutsTheData) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(reply("421 shutting down"), (Words{"abort", "C 421", "end"}));
}

TEST_F(FtpTransfer, TwoFinalRepliesAreOutOfStep) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(reply("226 done"), Words{});
    EXPECT_EQ(reply("226 done"), (Words{"abort", "C 421", "end"}));
}

TEST_F(FtpTransfer, TimeoutWhileTheBackendIsSilentAfterTheData) {
    log_in();
    start_moving("RETR a");
    static_cast<void>(data(Kind::drained));
    EXPECT_EQ(shown(dialogue_->on_timeout()), (Words{"abort", "C 421", "end"}));
}

TEST_F(FtpTransfer, DrainWaitsForTheTransfer) {
    log_in();
    start_moving("RETR a");
    EXPECT_EQ(shown(dialogue_->on_drain()), Words{});
    static_cast<void>(data(Kind::drained));
    static_cast<void>(reply("226 done"));
    EXPECT_EQ(data(Kind::complete), (Words{"C 226", "C 421", "end"}));
}

/// Clients send other commands between the two: curl sends TYPE and SIZE.
TEST_F(FtpTransfer, DrainWaitsForTheTransferThatWasAnnounced) {
    log_in();
    set_up_passive();
    EXPECT_EQ(shown(dialogue_->on_drain()), Words{});
    static_cast<void>(command("PWD"));
    EXPECT_EQ(reply("257 x"), Words{"C 257"});
    static_cast<void>(command("RETR a"));
    EXPECT_EQ(data(Kind::backend_connected), Words{"B RETR a"});
    EXPECT_EQ(reply("150 here it comes"), (Words{"C 150", "begin"}));
    static_cast<void>(data(Kind::drained));
    static_cast<void>(reply("226 done"));
    EXPECT_EQ(data(Kind::complete), (Words{"C 226", "C 421", "end"}));
}

TEST_F(FtpTransfer, BrokenLineCutsTheTransfer) {
    log_in();
    start_moving("STOR a");
    EXPECT_EQ(shown(dialogue_->on_broken_line("NUL")), (Words{"abort", "C 500", "end"}));
}

TEST_F(FtpTransfer, BackendThatGivesUpBeforeTheCommandCutsTheTransferFirst) {
    log_in();
    set_up_passive();
    static_cast<void>(command("RETR a"));
    EXPECT_EQ(reply("421 too late"), (Words{"abort", "C 421", "end"}));
}

TEST_F(FtpTransfer, PreliminaryReplyBehindTheFinalOneIsOutOfStep) {
    log_in();
    start_moving("RETR a");
    static_cast<void>(reply("226 done"));
    EXPECT_EQ(reply("150 here it comes"), (Words{"abort", "C 421", "end"}));
}

TEST_F(FtpTransfer, IsLoggedOnceWithItsOutcome) {
    log_in();
    start_moving("STOR a");
    static_cast<void>(data(Kind::complete));
    static_cast<void>(reply("226 done"));
    start("RETR b");
    static_cast<void>(reply("550 no such file"));
    start_moving("STOR c");
    static_cast<void>(data_failed(Blame::client, 426));
    static_cast<void>(reply("226 done"));
    static_cast<void>(reply("225 aborted"));
    start_moving("RETR d");
    static_cast<void>(shown(dialogue_->on_client_gone("client gone")));
    EXPECT_EQ(
        logged_,
        (Words{
            "log 226 complete",
            "log 550 refused by the backend",
            "log 426 failed",
            "log 0 client gone"})
    );
}

TEST_F(FtpTransfer, LogNamesUserCommandAndPath) {
    log_in();
    start_moving("RETR some file");
    const Actions actions = dialogue_->on_client_gone("client gone");
    const auto* logged = std::get_if<action::LogTransfer>(&actions.front());
    ASSERT_NE(logged, nullptr);
    EXPECT_EQ(logged->user, "ann");
    EXPECT_EQ(logged->verb, "RETR");
    EXPECT_EQ(logged->path, "some file");
}

}  // namespace
}  // namespace hsmfront::ftp::test
