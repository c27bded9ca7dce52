// Reload: a protocol that is switched on or off, while the other and its own sessions go on.
#include "tests/harness/occupied.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/harness/wire.hpp"

#include <gmock/gmock.h>

#include <csignal>

namespace hsmfront::test {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class ReloadProtocols : public Stage {
  protected:
    ReloadProtocols() {
        config.extra += "admin: { socket: " + (scratch() / "admin.sock").string() + " }\n";
        write_file(vsftpd.root() / "file", "file");
    }

    /// `hsmfront WORDS` to the running service, with what `config` says now.
    [[nodiscard]] Outcome ask(std::vector<std::string> words) const {
        write_file(scratch() / "hsmfront.yaml", config.yaml());
        words.insert(words.begin(), program());
        words.insert(words.end(), {"-c", (scratch() / "hsmfront.yaml").string()});
        return run(words, 60s, token.environment());
    }
    /// `answer` is a regular expression.
    void reload(const std::string& answer) const {
        const auto done = ask({"reload"});
        EXPECT_THAT(done.out + done.error, ContainsRegex(answer));
    }
    [[nodiscard]] std::string ftp_file() const {
        return curl({"--user", "ftp:secret", ftp("/file")}).out;
    }
    [[nodiscard]] std::string http_file() const { return curl({https("/small")}).out; }
};

TEST_F(ReloadProtocols, HttpGoesAndComesBack) {
    start();
    TlsClient client(config.http.port);
    ASSERT_EQ(client.get("/small"), "small");
    config.http.enabled = false;
    reload("reloaded: ftp with rsa .*; http is off");
    EXPECT_TRUE(eventually([this] { return !listens(config.http.port); }));
    EXPECT_EQ(client.get("/small"), "small") << "what came in stays";
    EXPECT_EQ(ftp_file(), "file");
    const auto shown = ask({"status"});
    EXPECT_EQ(shown.code, 0) << shown.out;
    EXPECT_THAT(
        shown.out, AllOf(HasSubstr("ready: yes"), HasSubstr("ftp   up"), Not(HasSubstr("http  ")))
    );
    EXPECT_THAT(
        ask({"status", "--metrics"}).out,
        AllOf(
            HasSubstr("hsmfront_protocol_up{protocol=\"ftp\"} 1"),
            Not(HasSubstr("hsmfront_protocol_up{protocol=\"http\"}")),
            Not(HasSubstr("backend=\""))
        )
    );
    config.http.enabled = true;
    reload("reloaded: ftp with rsa .*; http with ec ");
    EXPECT_EQ(http_file(), "small");
    EXPECT_EQ(client.get("/small"), "small");
    EXPECT_THAT(ask({"status"}).out, HasSubstr("http  up"));
    EXPECT_EQ(occurrences(front->log(), "protocol http is up on"), 2U);
}

TEST_F(ReloadProtocols, FtpGoesWhileATransferRuns) {
    start();
    const auto file = sample(3'000'000);
    std::filesystem::copy_file(file, vsftpd.root() / "large");
    const auto client = slow_curl("1M", {"-o", (scratch() / "copy").string(), ftp("/large")});
    ASSERT_TRUE(eventually([this] { return size_of(scratch() / "copy") != 0; }));
    config.ftp.enabled = false;
    reload("reloaded: http with ec .*; ftp is off");
    EXPECT_TRUE(eventually([this] { return !listens(config.ftp.explicit_port); }));
    EXPECT_FALSE(listens(config.ftp.implicit_port));
    EXPECT_EQ(client->wait(60s), 0);
    EXPECT_EQ(sha256(scratch() / "copy"), sha256(file));
    EXPECT_EQ(http_file(), "small");
    config.ftp.enabled = true;
    reload("reloaded: ftp with rsa .*; http with ec ");
    EXPECT_EQ(ftp_file(), "file");
}

TEST_F(ReloadProtocols, TheOneThatNeedsTheTokenComesAndGoesWithIt) {
    config.certificates = Material::get().key_files();
    config.ftp.hsm = false;
    config.http.enabled = false;
    start();
    const auto of_files = config.certificates;
    config.certificates = Material::get().certificates();
    config.ftp.enabled = false;
    config.http.enabled = true;
    reload("reloaded: http with ec .*; ftp is off");
    EXPECT_EQ(http_file(), "small");
    EXPECT_FALSE(listens(config.ftp.explicit_port));
    EXPECT_THAT(ask({"status"}).out, HasSubstr("token front: up"));
    config.certificates = of_files;
    config.ftp.enabled = true;
    config.http.enabled = false;
    reload("reloaded: ftp with rsa .*; http is off");
    EXPECT_EQ(ftp_file(), "file");
    EXPECT_THAT(ask({"status"}).out, Not(HasSubstr("token front")));
}

TEST_F(ReloadProtocols, OneMustBeOn) {
    start();
    config.ftp.enabled = false;
    config.http.enabled = false;
    reload("reload failed, nothing was changed: ");
    config.ftp.enabled = true;
    config.http.enabled = true;
    EXPECT_EQ(http_file(), "small");
    EXPECT_EQ(ftp_file(), "file");
}

TEST_F(ReloadProtocols, PortThatIsTakenChangesNothing) {
    config.ftp.enabled = false;
    start();
    const Occupied taken(config.ftp.implicit_port);
    config.ftp.enabled = true;
    reload("reload failed, nothing was changed: cannot listen on");
    EXPECT_FALSE(listens(config.ftp.explicit_port)) << "half of a reload";
    EXPECT_EQ(http_file(), "small");
    EXPECT_THAT(ask({"status"}).out, Not(HasSubstr("ftp   ")));
}

TEST_F(ReloadProtocols, KeyThatIsMissingChangesNothing) {
    config.ftp.enabled = false;
    start();
    config.ftp.enabled = true;
    config.ftp.alias = "absent";
    reload("reload failed, nothing was changed: ftp: ");
    EXPECT_FALSE(listens(config.ftp.explicit_port));
    EXPECT_EQ(http_file(), "small");
    config.ftp.alias = "rsa";
    reload("reloaded: ftp with rsa .*; http with ec ");
    EXPECT_EQ(ftp_file(), "file");
}

TEST_F(ReloadProtocols, OneThatIsDownForWantOfItsPortsIsTriedAgain) {
    auto taken = std::make_unique<Occupied>(config.ftp.explicit_port);
    launch();
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("protocol ftp does not start: cannot listen on"));
    reload("reloaded: http with ec ");
    EXPECT_THAT(ask({"status"}).out, HasSubstr("ftp   down: its ports are not free"));
    config.http.enabled = false;
    reload("reload failed, nothing was changed: cannot listen on");
    EXPECT_EQ(http_file(), "small") << "it is the only one";
    taken.reset();
    reload("reloaded: ftp with rsa .*; http is off");
    EXPECT_EQ(ftp_file(), "file");
}

TEST_F(ReloadProtocols, ClientThatABalancerHasNotNamedYetIsRefused) {
    config.extra += "proxy_protocol: { accept_from: [127.0.0.1], timeout: 60s }\n";
    start();
    Wire unnamed = Wire::connect("127.0.0.1", config.http.port);
    ASSERT_TRUE(unnamed.send("PROXY TCP4 192.0.2.1"));
    ASSERT_TRUE(eventually([this] {
        return ask({"status"}).out.find("connections: 1,") != std::string::npos;
    }));
    config.http.enabled = false;
    reload("reloaded: ftp with rsa .*; http is off");
    ASSERT_TRUE(unnamed.send(" 192.0.2.2 1 2\r\n"));
    EXPECT_THAT(unnamed.rest().ending, AnyOf(Ending::fin, Ending::reset));
    EXPECT_THAT(ask({"status"}).out, HasSubstr("ready: yes"));
}

}  // namespace
}  // namespace hsmfront::test
