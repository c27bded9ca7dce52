// Dialogue: hosts, logins, command lists, greeting.
#include "dialogue_script.hpp"

namespace hsmfront::ftp::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class FtpHosts : public DialogueScript {
  protected:
    FtpHosts() { policy_.hosts = &hosts_; }

    /// Explicit session after AUTH TLS with `server_name`; the actions of the handshake's end.
    Words secure(std::string_view server_name) {
        static_cast<void>(command("AUTH TLS"));
        return shown(dialogue_->on_tls(TlsOutcome::up, server_name));
    }
    /// The backend connects and greets; what the client sees of it.
    Words backend_greets() {
        static_cast<void>(dialogue_->on_backend(true));
        return reply("220 backend");
    }

    const std::vector<config::Host> hosts_{
        {"a.example", {"a"}, config::Backend{{"127.0.0.2", 21}}}, {"*.b.example", {"b"}}};
    Policy policy_ = default_policy();
};

TEST_F(FtpHosts, ServerNameSelectsTheHost) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(secure("X.b.Example"), (Words{"unlisten", "host *.b.example", "connect"}));
}

TEST_F(FtpHosts, ServerNameOfAnImplicitListenerSelectsTheHost) {
    policy_.mode = config::FtpTlsMode::implicit_tls;
    begin(policy_);
    EXPECT_EQ(shown(dialogue_->start("a.example")), (Words{"host a.example", "connect"}));
}

TEST_F(FtpHosts, UnknownServerNameIsTheDefault) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(secure("c.example"), (Words{"unlisten", "connect"}));
    static_cast<void>(backend_greets());
    EXPECT_EQ(command("HOST a.example"), Words{"C 504"}) << "not the name TLS was begun for";
}

TEST_F(FtpHosts, HostBeforeAuthSelectsTheCertificate) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(command("HOST A.example"), (Words{"host a.example", "C 220"}));
    EXPECT_EQ(secure(""), (Words{"unlisten", "connect"})) << "the host stays";
    static_cast<void>(backend_greets());
    EXPECT_EQ(command("HOST a.example"), Words{"C 220"});
}

TEST_F(FtpHosts, ServerNameWinsOverHostInClear) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("HOST a.example"));
    EXPECT_EQ(secure("x.b.example"), (Words{"unlisten", "host *.b.example", "connect"}));
}

TEST_F(FtpHosts, HostIsNoWayAroundTheTlsPolicyOfAHost) {
    auto hosts = hosts_;
    hosts[0].tls.client_certificate.mode = config::ClientCertificateMode::require;
    policy_.hosts = &hosts;
    for (const auto mode : {config::FtpTlsMode::explicit_tls, config::FtpTlsMode::implicit_tls}) {
        policy_.mode = mode;
        begin(policy_);
        static_cast<void>(dialogue_->start());
        if (mode == config::FtpTlsMode::explicit_tls) {
            static_cast<void>(secure(""));
        }
        static_cast<void>(backend_greets());
        EXPECT_EQ(command("HOST a.example"), Words{"C 504"}) << "no certificate was asked for";
        EXPECT_THAT(command("HOST x.b.example"), testing::Contains("host *.b.example"));
    }
    policy_.mode = config::FtpTlsMode::explicit_tls;
    begin(policy_);
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(command("HOST a.example"), (Words{"host a.example", "C 220"}));
    static_cast<void>(secure(""));
    static_cast<void>(backend_greets());
    EXPECT_EQ(command("HOST a.example"), Words{"C 220"});
    EXPECT_EQ(command("HOST x.b.example"), Words{"C 504"}) << "the other way round";
}

TEST_F(FtpHosts, HostMustBeTheServerName) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    static_cast<void>(secure("a.example"));
    static_cast<void>(backend_greets());
    EXPECT_EQ(command("HOST x.b.example"), Words{"C 504"});
    EXPECT_EQ(command("HOST a.example"), Words{"C 220"});
}

TEST_F(FtpHosts, AnotherHostBeginsAnew) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    static_cast<void>(secure(""));
    static_cast<void>(backend_greets());
    static_cast<void>(command("USER ann"));
    static_cast<void>(reply("331 password"));
    EXPECT_EQ(command("HOST a.example"), (Words{"unlisten", "host a.example", "drop", "connect"}));
    EXPECT_EQ(backend_greets(), Words{"C 220"}) << "its greeting is the answer";
    static_cast<void>(command("USER ann"));
    static_cast<void>(reply("331 password"));
    EXPECT_EQ(command("HOST a.example"), (Words{"unlisten", "drop", "connect"}))
        << "a second HOST forgets the user name";
}

TEST_F(FtpHosts, RefusesWhatIsNoHostOrNotInTime) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    EXPECT_EQ(command("HOST"), Words{"C 501"});
    EXPECT_EQ(command("HOST a b"), Words{"C 501"});
    EXPECT_EQ(command("HOST c.example"), Words{"C 504"});
    log_in(policy_);
    EXPECT_EQ(command("HOST a.example"), Words{"C 503"});
}

TEST_F(FtpHosts, ReinForgetsTheHost) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    static_cast<void>(secure("a.example"));
    static_cast<void>(backend_greets());
    EXPECT_EQ(command("REIN"), (Words{"unlisten", "host ", "C 220", "drop", "clear-tls"}));
}

TEST_F(FtpHosts, FeaturesNameHostWhereThereAreSome) {
    begin(policy_);
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("FEAT"));
    EXPECT_THAT(last_answer_, HasSubstr("\r\n HOST\r\n"));
    begin(default_policy());
    static_cast<void>(dialogue_->start());
    static_cast<void>(command("FEAT"));
    EXPECT_THAT(last_answer_, Not(HasSubstr("HOST")));
    EXPECT_EQ(command("HOST a.example"), Words{"C 502"});
}

class FtpLogins : public DialogueScript {
  protected:
    FtpLogins() {
        policy_.mode = config::FtpTlsMode::implicit_tls;
        policy_.login_attempts = 2;
        policy_.login_delay = std::chrono::milliseconds(1000);
    }
    void greet() {
        begin(policy_);
        static_cast<void>(dialogue_->start());
        static_cast<void>(dialogue_->on_backend(true));
        static_cast<void>(reply("220 backend"));
    }

    Policy policy_ = default_policy();
};

TEST_F(FtpLogins, RefusalsAreSlowCountedAndFew) {
    greet();
    static_cast<void>(command("USER ann"));
    EXPECT_EQ(reply("331 password"), Words{"C 331"});
    static_cast<void>(command("PASS wrong"));
    EXPECT_EQ(reply("530 no"), (Words{"count", "slow C 530"}));
    static_cast<void>(command("USER bob"));
    EXPECT_EQ(reply("530 not you"), (Words{"count", "slow C 530", "C 421", "end"}));
}

TEST_F(FtpLogins, CommandsOutOfOrderAreNoAttempts) {
    greet();
    for (int i = 0; i < 3; ++i) {
        static_cast<void>(command("PASS early"));
        EXPECT_EQ(reply("503 USER first"), Words{"C 503"});
    }
}

TEST_F(FtpLogins, GreetingReplacesTheBackends) {
    policy_.greeting = "Partners only";
    begin(policy_);
    static_cast<void>(dialogue_->start());
    static_cast<void>(dialogue_->on_backend(true));
    EXPECT_EQ(reply("220 vsFTPd 3.0.3"), Words{"C 220"});
    EXPECT_EQ(last_answer_, "220 Partners only\r\n");
    policy_.mode = config::FtpTlsMode::explicit_tls;
    begin(policy_);
    static_cast<void>(shown(dialogue_->start()));
    EXPECT_EQ(last_answer_, "220 Partners only\r\n");
}

class FtpCommandLists : public DialogueScript {
  protected:
    void use(config::FtpCommands lists) {
        lists_ = std::move(lists);
        Policy policy = default_policy();
        policy.commands = &lists_;
        log_in(policy);
    }

    config::FtpCommands lists_;
};

TEST_F(FtpCommandLists, DeniedCommandsAreAnsweredHere) {
    use({{}, {"DELE", "STOR", "RETR", "SITE CHMOD"}});
    EXPECT_EQ(command("dele a"), Words{"C 502"});
    EXPECT_EQ(command("STOR a"), Words{"C 553"});
    EXPECT_EQ(command("RETR a"), Words{"C 550"});
    EXPECT_EQ(command("site chmod 644 a"), Words{"C 502"});
    EXPECT_EQ(command("SITE UTIME a"), Words{"B SITE UTIME a"});
}

TEST_F(FtpCommandLists, WhatIsNotAllowedIsAnsweredHere) {
    use({{"RETR", "PASV", "SITE HELP"}, {}});
    EXPECT_EQ(command("DELE a"), Words{"C 502"});
    EXPECT_EQ(command("SITE CHMOD 644 a"), Words{"C 502"});
    EXPECT_EQ(command("EPSV"), Words{"C 502"});
    EXPECT_EQ(command("REST 5"), Words{"C 502"});
    EXPECT_EQ(command("PBSZ 0"), Words{"C 200"}) << "sessions are held all the same";
    set_up_passive();
    EXPECT_EQ(command("RETR a"), Words{"download P 4000"});
}

TEST_F(FtpCommandLists, DeniedCommandsAreNoFeatures) {
    use({{}, {"MDTM"}});
    static_cast<void>(command("FEAT"));
    ReplyParser parser;
    parser.append(std::string_view{"211-F:\r\n MDTM\r\n SIZE\r\n211 End\r\n"});
    const auto features = parser.next();
    static_cast<void>(shown(dialogue_->on_reply(**features)));
    EXPECT_THAT(last_answer_, HasSubstr(" SIZE"));
    EXPECT_THAT(last_answer_, Not(HasSubstr("MDTM")));
}

}  // namespace
}  // namespace hsmfront::ftp::test
