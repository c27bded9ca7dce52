// Dialogue: greeting, TLS, order of commands and replies, ends. The tests' comments name the rule.
#include "dialogue_script.hpp"

namespace hsmfront::ftp::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class FtpDialogue : public DialogueScript {};

TEST_F(FtpDialogue, GreetsItselfBeforeTls) {
    begin(default_policy());
    EXPECT_EQ(shown(dialogue_->start()), Words{"C 220"});
}

TEST_F(FtpDialogue, DoesNotContactTheBackendBeforeTls) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    for (const char* line :
         {"USER a", "PASS b", "ACCT c", "SYST", "XYZZY", "PASV", "REIN", "ABOR"}) {
        EXPECT_EQ(command(line), Words{"C 530"}) << line;
        EXPECT_THAT(last_answer_, HasSubstr("AUTH TLS"));
    }
    EXPECT_EQ(command("NOOP"), Words{"C 200"});
    EXPECT_EQ(command("HOST a.example"), Words{"C 502"});
    EXPECT_EQ(command("FEAT"), Words{"C 211"});
    EXPECT_THAT(last_answer_, HasSubstr("\r\n AUTH TLS\r\n"));
    EXPECT_EQ(command("QUIT"), (Words{"C 221", "end"}));
}

TEST_F(FtpDialogue, RelaysTheBackendsGreetingOnImplicit) {
    Policy policy = default_policy();
    policy.mode = config::FtpTlsMode::implicit_tls;
    begin(policy);
    EXPECT_EQ(shown(dialogue_->start()), Words{"connect"});
    EXPECT_EQ(shown(dialogue_->on_backend(true)), Words{});
    EXPECT_EQ(reply("120 soon"), Words{"C 120"});  // RFC 959 §5.4
    EXPECT_EQ(reply("220 backend"), Words{"C 220"});
    EXPECT_EQ(last_answer_, "220 backend\r\n");
    EXPECT_EQ(command("USER a"), Words{"B USER a"});
}

TEST_F(FtpDialogue, ForwardsPlaintextLoginsWhereAllowed) {
    Policy policy = default_policy();
    policy.require_tls_control = false;
    begin(policy);
    EXPECT_EQ(shown(dialogue_->start()), Words{"connect"});
    EXPECT_EQ(shown(dialogue_->on_backend(true)), Words{});
    EXPECT_EQ(reply("220 backend"), Words{"C 220"});
    EXPECT_EQ(command("USER a"), Words{"B USER a"});
    EXPECT_EQ(reply("230 in"), Words{"C 230"});
    // RFC 4217 §4.2: AUTH resets the login, so the backend is connected anew.
    EXPECT_EQ(command("AUTH TLS"), Words{"start-tls 234"});
    EXPECT_EQ(shown(dialogue_->on_tls(TlsOutcome::up)), (Words{"unlisten", "drop", "connect"}));
    EXPECT_FALSE(dialogue_->logged_in());
}

TEST_F(FtpDialogue, SwallowsTheBackendsGreetingAfterAuth) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(command("auth tls-c"), Words{"start-tls 234"});
    EXPECT_FALSE(dialogue_->wants_commands());
    EXPECT_EQ(shown(dialogue_->on_tls(TlsOutcome::up)), (Words{"unlisten", "connect"}));
    EXPECT_EQ(shown(dialogue_->on_backend(true)), Words{});
    EXPECT_EQ(command("USER a"), Words{});
    EXPECT_EQ(reply("120 soon"), Words{});
    EXPECT_EQ(reply("220 backend"), Words{"B USER a"});
}

TEST_F(FtpDialogue, BackendNotReachableIs421) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH TLS"));
    static_cast<void>(dialogue_->on_tls(TlsOutcome::up));
    EXPECT_EQ(shown(dialogue_->on_backend(false)), (Words{"C 421", "end"}));
}

TEST_F(FtpDialogue, BackendThatRefusesIs421) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH TLS"));
    static_cast<void>(dialogue_->on_tls(TlsOutcome::up));
    static_cast<void>(dialogue_->on_backend(true));
    EXPECT_EQ(reply("530 too many"), (Words{"C 421", "end"}));
}

// RFC 2228 §3, RFC 4217 §4, §17
TEST_F(FtpDialogue, AnswersAuth) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(command("AUTH"), Words{"C 501"});
    EXPECT_EQ(command("AUTH GSSAPI"), Words{"C 504"});
    EXPECT_EQ(command("AUTH TLS-P"), Words{"C 504"});
    EXPECT_EQ(command("AUTH ssl"), Words{"start-tls 234"});
}

TEST_F(FtpDialogue, AuthIs431WhileTheKeyIsAway) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH TLS"));
    EXPECT_EQ(shown(dialogue_->on_tls(TlsOutcome::unavailable)), Words{"C 431"});
    EXPECT_EQ(command("USER a"), Words{"C 530"});
    EXPECT_EQ(command("AUTH TLS"), Words{"start-tls 234"});
}

TEST_F(FtpDialogue, PlaintextBehindAuthCloses) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH TLS"));
    EXPECT_EQ(shown(dialogue_->on_tls(TlsOutcome::pipelined)), Words{"cut"});
    EXPECT_EQ(command("USER a"), Words{});
}

TEST_F(FtpDialogue, NothingIsReadBehindAuthThatWaits) {
    Policy policy = default_policy();
    policy.require_tls_control = false;
    begin(policy);
    static_cast<void>(dialogue_->start());
    static_cast<void>(dialogue_->on_backend(true));
    EXPECT_TRUE(dialogue_->wants_commands());
    EXPECT_EQ(command("AUTH TLS"), Words{});
    EXPECT_FALSE(dialogue_->wants_commands());
}

TEST_F(FtpDialogue, AuthTwiceIs503) {
    log_in();
    EXPECT_EQ(command("AUTH TLS"), Words{"C 503"});
}

// RFC 2228 §3, RFC 4217 §9
TEST_F(FtpDialogue, PbszAndProtInOrder) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(command("PBSZ 0"), Words{"C 503"});
    EXPECT_EQ(command("PROT P"), Words{"C 503"});
    static_cast<void>(command("AUTH TLS"));
    static_cast<void>(dialogue_->on_tls(TlsOutcome::up));
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    EXPECT_EQ(command("PROT P"), Words{"C 503"});
    EXPECT_EQ(command("PBSZ x"), Words{"C 501"});
    EXPECT_EQ(command("PBSZ 1024"), Words{"C 200"});
    EXPECT_EQ(last_answer_, "200 PBSZ=0\r\n");
    EXPECT_EQ(command("PROT S"), Words{"C 536"});
    EXPECT_EQ(command("PROT E"), Words{"C 536"});
    EXPECT_EQ(command("PROT X"), Words{"C 504"});
    EXPECT_EQ(command("PROT"), Words{"C 504"});
    EXPECT_EQ(command("PROT C"), Words{"C 534"});
    EXPECT_EQ(command("PROT p"), Words{"C 200"});
}

TEST_F(FtpDialogue, ProtCWhereDataMayBeClear) {
    Policy policy = default_policy();
    policy.require_tls_data = false;
    log_in(policy);
    EXPECT_EQ(command("PROT C"), Words{"C 200"});
    set_up_passive();
    EXPECT_EQ(command("RETR a"), Words{"download C 4000"});
}

// RFC 4217 §5, §15.3
TEST_F(FtpDialogue, CccByPolicy) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(command("CCC"), Words{"C 533"});
    log_in();
    EXPECT_EQ(command("CCC"), Words{"C 534"});
    Policy policy = default_policy();
    policy.allow_ccc = true;
    log_in(policy);
    EXPECT_EQ(command("CCC"), (Words{"C 200", "clear-tls"}));
    EXPECT_EQ(shown(dialogue_->on_tls_cleared(true)), Words{});
    EXPECT_EQ(command("PBSZ 0"), Words{"C 503"});
    EXPECT_EQ(command("PROT C"), Words{"C 503"});
    EXPECT_EQ(command("CCC"), Words{"C 533"});
    EXPECT_EQ(command("USER eve"), Words{"C 530"});
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
    EXPECT_EQ(reply("257 x"), Words{"C 257"});
    set_up_passive();
    EXPECT_EQ(command("RETR a"), Words{"download P 4000"});  // the level stays
}

TEST_F(FtpDialogue, CccBeforeLoginIs533) {
    Policy policy = default_policy();
    policy.allow_ccc = true;
    begin(policy);
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH TLS"));
    static_cast<void>(dialogue_->on_tls(TlsOutcome::up));
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    EXPECT_EQ(command("CCC"), Words{"C 533"});
}

// RFC 4217 §13
TEST_F(FtpDialogue, ReinIsAnsweredThenTlsIsCleared) {
    log_in();
    EXPECT_EQ(command("REIN"), (Words{"unlisten", "C 220", "drop", "clear-tls"}));
    EXPECT_FALSE(dialogue_->wants_commands());
    EXPECT_EQ(shown(dialogue_->on_tls_cleared(true)), Words{});
    EXPECT_EQ(command("USER a"), Words{"C 530"});
    EXPECT_EQ(command("PROT P"), Words{"C 503"});
    EXPECT_EQ(command("AUTH TLS"), Words{"start-tls 234"});
}

TEST_F(FtpDialogue, ReinOnImplicitKeepsTls) {
    Policy policy = default_policy();
    policy.mode = config::FtpTlsMode::implicit_tls;
    begin(policy);
    static_cast<void>(dialogue_->start());
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    EXPECT_EQ(command("REIN"), (Words{"unlisten", "drop", "connect"}));
    EXPECT_EQ(shown(dialogue_->on_backend(true)), Words{});
    EXPECT_EQ(reply("220 backend"), Words{"C 220"});
}

TEST_F(FtpDialogue, ReinOnImplicitStartsAgainAtProtP) {
    Policy policy = default_policy();
    policy.mode = config::FtpTlsMode::implicit_tls;
    policy.require_tls_data = false;
    begin(policy);
    static_cast<void>(dialogue_->start());
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    static_cast<void>(command("PBSZ 0"));
    EXPECT_EQ(command("PROT C"), Words{"C 200"});
    static_cast<void>(command("REIN"));
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    set_up_passive();
    EXPECT_EQ(command("RETR a"), Words{"download P 4000"});
}

TEST_F(FtpDialogue, ImplicitStartsAtProtP) {
    Policy policy = default_policy();
    policy.mode = config::FtpTlsMode::implicit_tls;
    begin(policy);
    static_cast<void>(dialogue_->start());
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    EXPECT_EQ(command("PASV"), (Words{"unlisten", "B EPSV"}));
    EXPECT_EQ(reply("229 ok (|||4000|)"), Words{"listen"});
    EXPECT_EQ(shown(dialogue_->on_listening(50000)), Words{"C+ 227"});
    EXPECT_EQ(command("LIST"), Words{"download P 4000"});
}

/// RFC 4217 §9: the initial level is Clear, for the old spelling as for the new.
TEST_F(FtpDialogue, AuthSslIsAuthTls) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH SSL"));
    static_cast<void>(dialogue_->on_tls(TlsOutcome::up));
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    set_up_passive();
    EXPECT_EQ(command("LIST"), Words{"C 521"});
}

TEST_F(FtpDialogue, HttpCloses) {
    for (const char* line : {"GET / HTTP/1.1", "POST / HTTP/1.1", "head /", "PRI * HTTP/2.0"}) {
        begin(default_policy());
        static_cast<void>(dialogue_->start());
        EXPECT_EQ(command(line), Words{"cut"}) << line;
    }
}

TEST_F(FtpDialogue, RefusesWhatWouldBypassUs) {
    log_in();
    for (const char* line : {"CPSV", "SSCN ON", "LPRT 4", "LPSV", "MIC x", "ENC x", "ADAT x"}) {
        EXPECT_EQ(command(line), Words{"C 502"}) << line;
    }
    EXPECT_EQ(command("4711"), Words{"C 500"});
}

TEST_F(FtpDialogue, ForwardsBytesUntouched) {
    log_in();
    EXPECT_EQ(command("cwd  \xe9\xff x "), Words{"B cwd  \xe9\xff x "});
}

TEST_F(FtpDialogue, OneCommandAtATimeAndRepliesInOrder) {
    log_in();
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
    EXPECT_EQ(command("PROT P"), Words{});
    EXPECT_EQ(command("SYST"), Words{});
    EXPECT_EQ(command("PBSZ 0"), Words{});
    EXPECT_EQ(reply("257 x"), (Words{"C 257", "C 200", "B SYST"}));
    EXPECT_EQ(reply("215 x"), (Words{"C 215", "C 200"}));
}

TEST_F(FtpDialogue, ReadsAheadWithinLimits) {
    log_in();
    EXPECT_EQ(command("PWD"), Words{"B PWD"});
    int queued = 0;
    while (dialogue_->wants_commands() && queued < 1000) {
        static_cast<void>(command("NOOP"));
        ++queued;
    }
    EXPECT_EQ(queued, 32);
}

TEST_F(FtpDialogue, RelaysPreliminaryReplies) {
    log_in();
    EXPECT_EQ(command("SITE SLOW"), Words{"B SITE SLOW"});
    EXPECT_EQ(reply("110 wait"), Words{"C 110"});
    EXPECT_EQ(command("NOOP"), Words{});
    EXPECT_EQ(reply("200 done"), (Words{"C 200", "B NOOP"}));
}

TEST_F(FtpDialogue, UnaskedFourTwoOneIsRelayedAndEnds) {
    log_in();
    EXPECT_EQ(reply("421 idle"), (Words{"C 421", "end"}));
    EXPECT_EQ(last_answer_, "421 idle\r\n");
}

TEST_F(FtpDialogue, OtherUnaskedRepliesEnd) {
    log_in();
    EXPECT_EQ(reply("226 hello"), (Words{"C 421", "end"}));
}

TEST_F(FtpDialogue, FourTwoOneInAnswerEnds) {
    log_in();
    static_cast<void>(command("PWD"));
    EXPECT_EQ(reply("421 bye"), (Words{"C 421", "end"}));
}

TEST_F(FtpDialogue, MergesTheBackendsFeatures) {
    log_in();
    EXPECT_EQ(command("FEAT"), Words{"B FEAT"});
    EXPECT_EQ(reply("211-x\r\n AUTH SSL\r\n SIZE\r\n211 End"), Words{"C 211"});
    EXPECT_THAT(last_answer_, HasSubstr("\r\n SIZE\r\n"));
    EXPECT_THAT(last_answer_, Not(HasSubstr("SSL")));
    EXPECT_EQ(command("FEAT"), Words{"B FEAT"});
    EXPECT_EQ(reply("502 no"), Words{"C 211"});
}

TEST_F(FtpDialogue, LoginMayBeGrantedAtUser) {
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("AUTH TLS"));
    static_cast<void>(dialogue_->on_tls(TlsOutcome::up));
    static_cast<void>(dialogue_->on_backend(true));
    static_cast<void>(reply("220 backend"));
    static_cast<void>(command("USER a"));
    EXPECT_FALSE(dialogue_->logged_in());
    EXPECT_EQ(reply("232 certificate"), Words{"C 232"});  // RFC 2228 §4
    EXPECT_TRUE(dialogue_->logged_in());
}

TEST_F(FtpDialogue, QuitIsTheBackends) {
    log_in();
    EXPECT_EQ(command("QUIT"), Words{"B QUIT"});
    EXPECT_EQ(reply("221 bye"), (Words{"C 221", "end"}));
}

TEST_F(FtpDialogue, QuitWithoutAnswerIs221) {
    log_in();
    EXPECT_EQ(command("QUIT"), Words{"B QUIT"});
    EXPECT_EQ(shown(dialogue_->on_backend_gone("eof")), (Words{"C 221", "end"}));
}

TEST_F(FtpDialogue, BackendGoneIs421) {
    log_in();
    EXPECT_EQ(shown(dialogue_->on_backend_gone("eof")), (Words{"C 421", "end"}));
}

TEST_F(FtpDialogue, ClientGoneEnds) {
    log_in();
    EXPECT_EQ(shown(dialogue_->on_client_gone("eof")), Words{"cut"});
}

TEST_F(FtpDialogue, BrokenLineIs500AndEnds) {
    log_in();
    EXPECT_EQ(shown(dialogue_->on_broken_line("bare LF")), (Words{"C 500", "end"}));
}

TEST_F(FtpDialogue, TimeoutIs421) {
    log_in();
    EXPECT_EQ(shown(dialogue_->on_timeout()), (Words{"C 421", "end"}));
    EXPECT_EQ(shown(dialogue_->on_timeout()), Words{});
}

TEST_F(FtpDialogue, DrainEndsAnIdleSession) {
    log_in();
    EXPECT_EQ(shown(dialogue_->on_drain()), (Words{"C 421", "end"}));
}

TEST_F(FtpDialogue, DrainWaitsForTheCommandInHand) {
    log_in();
    static_cast<void>(command("PWD"));
    EXPECT_EQ(shown(dialogue_->on_drain()), Words{});
    EXPECT_EQ(reply("257 x"), (Words{"C 257", "C 421", "end"}));
}

}  // namespace
}  // namespace hsmfront::ftp::test
