// The FTP server goes away, or hangs, and comes back.
#include "tests/harness/ftps_client.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace hsmfront::test {
namespace {

using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

class FtpBackendAway : public Stage {
  protected:
    FtpBackendAway() {
        config.ftp.extra = "timeouts: { login: 2s }";
        write_file(vsftpd.root() / "file", "file");
    }

    /// A new session up to the reply to USER.
    [[nodiscard]] static std::string user(FtpsClient& client) {
        EXPECT_THAT(client.reply(), StartsWith("220"));
        EXPECT_THAT(client.ask("AUTH TLS"), StartsWith("234"));
        return client.secure() ? client.ask("USER ftp") : "no handshake";
    }
    [[nodiscard]] std::string user() const {
        FtpsClient client(config.ftp.explicit_port);
        return user(client);
    }
    [[nodiscard]] std::string ftp_file() const {
        return curl({"--user", "ftp:secret", ftp("/file")}).out;
    }
    [[nodiscard]] std::string small() const { return TlsClient(config.http.port).get("/small"); }
};

TEST_F(FtpBackendAway, OneThatIsGoneCostsItsSessionsAndIsUsedAgain) {
    start();
    FtpsClient session(config.ftp.explicit_port);
    ASSERT_THAT(user(session), StartsWith("331"));
    ASSERT_THAT(session.ask("PASS secret"), StartsWith("230"));
    vsftpd.kill();
    EXPECT_THAT(session.reply(), StartsWith("421"));
    EXPECT_THAT(user(), StartsWith("421"));
    EXPECT_TRUE(front->logged("ftps: backend 127.0.0.1:"));
    EXPECT_EQ(small(), "small");
    vsftpd.restart();
    EXPECT_EQ(ftp_file(), "file");
    EXPECT_EQ(front->error_lines(), 0U);
}

TEST_F(FtpBackendAway, OneThatHangsIsLeftAtTheLimitAndIsUsedAgain) {
    start();
    FtpsClient session(config.ftp.explicit_port);
    ASSERT_THAT(user(session), StartsWith("331"));
    ASSERT_THAT(session.ask("PASS secret"), StartsWith("230"));
    ASSERT_EQ(::kill(vsftpd.pid(), SIGSTOP), 0);
    FtpsClient waiting(config.ftp.explicit_port);
    const auto begun = Clock::now();
    ASSERT_THAT(waiting.reply(), StartsWith("220"));
    ASSERT_THAT(waiting.ask("AUTH TLS"), StartsWith("234"));
    ASSERT_TRUE(waiting.secure());
    EXPECT_EQ(small(), "small");
    EXPECT_THAT(session.ask("PWD"), StartsWith("257")) << "its process runs";
    EXPECT_THAT(waiting.reply(), StartsWith("421"));
    EXPECT_LT(Clock::now() - begun, 10s) << "timeouts.login is 2 s";
    ASSERT_EQ(::kill(vsftpd.pid(), SIGCONT), 0);
    EXPECT_EQ(ftp_file(), "file");
}

}  // namespace
}  // namespace hsmfront::test
