// FTP by policy: command lists, logins, greeting; quoting in the log of transfers.
#include "ftp_scene.hpp"

namespace hsmfront::test {
namespace {

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

TEST_F(FtpPolicy, NothingOfAPathPassesForAnotherPartOfTheLog) {
    log_in();
    begin("RETR a\" code=999 \\");
    serve_some();
    expect_some();
    EXPECT_TRUE(front->logged(R"(path="a\" code=999 \\" bytes=100000)"));
}

}  // namespace
}  // namespace hsmfront::test
