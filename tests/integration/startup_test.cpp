// What is wrong at start: one clear line that says what and where, the exit code as documented,
// and the other protocol up where it can be.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <fstream>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

/// FTP's key is in the token and something is wrong with it; HTTP's key is a file and fine.
class Startup : public Stage {
  protected:
    Startup() {
        certificates_ = scratch() / "certs";
        fs::create_directories(certificates_);
        const auto& material = Material::get();
        fs::copy(material.certificates() / "rsa.pem", certificates_ / "rsa.pem");
        fs::copy(material.key_files() / "ec.pem", certificates_ / "ec.pem");
        fs::copy(material.key_files() / "ec.key", certificates_ / "ec.key");
        config.certificates = certificates_;
        config.http.hsm = false;
    }

    /// HTTP serves, FTP does not, and one line at level error says why, with all of `words`.
    void expect_http_alone(const std::vector<std::string>& words) {
        launch();
        ASSERT_TRUE(front->up("http"));
        const std::string failure = "protocol ftp does not start: ";
        ASSERT_TRUE(front->logged(failure));
        for (const auto& word : words) {
            EXPECT_THAT(front->line_with(failure), HasSubstr(word));
        }
        EXPECT_EQ(curl({https("/small")}).out, "small");
        EXPECT_EQ(front->error_lines(), 1U) << front->log();
        EXPECT_EQ(front->line_with("protocol ftp is up"), "");
    }

    /// With FTP as the only protocol there is nothing left to serve.
    void expect_exit(int code) {
        config.http.enabled = false;
        launch();
        EXPECT_EQ(front->process().wait(30s), code) << front->log();
    }

    /// `hsmfront check` on the configuration as it is.
    [[nodiscard]] Outcome check() const {
        const auto file = scratch() / "check.yaml";
        write_file(file, config.yaml());
        return run({program(), "check", "-c", file.string()});
    }

    fs::path certificates_;
};

TEST_F(Startup, SaysWhetherTheKernelEncrypts) {
    config.ftp.enabled = false;
    config.extra = "tls: { ktls: true }\n";
    std::ifstream kernel("/proc/sys/net/ipv4/tcp_available_ulp");
    const std::string list(std::istreambuf_iterator<char>(kernel), {});
    launch();
    ASSERT_TRUE(front->up("http"));
    EXPECT_NE(
        front->line_with(list.find("tls") != std::string::npos ? "kTLS is on" : "tls.ktls: off"), ""
    );
    EXPECT_EQ(curl({https("/small")}).out, "small");
}

TEST_F(Startup, UnknownAliasStopsItsProtocolOnly) {
    fs::copy(certificates_ / "rsa.pem", certificates_ / "nosuch.pem");
    config.ftp.alias = "nosuch";
    expect_http_alone({"nosuch", "front"});
}

TEST_F(Startup, UnknownAliasAloneExitsWith1) {
    fs::copy(certificates_ / "rsa.pem", certificates_ / "nosuch.pem");
    config.ftp.alias = "nosuch";
    expect_exit(1);
}

TEST_F(Startup, WrongPinStopsItsProtocolOnly) {
    config.hsm.pin = "{ value: \"999999\" }";
    expect_http_alone({"PIN", "front"});
    EXPECT_EQ(front->log().find("999999"), std::string::npos) << "the PIN is in the log";
}

TEST_F(Startup, WrongPinAloneExitsWith1) {
    config.hsm.pin = "{ value: \"999999\" }";
    expect_exit(1);
}

TEST_F(Startup, MissingModuleStopsItsProtocolOnly) {
    config.hsm.module = "/nonexistent/module.so";
    expect_http_alone({"/nonexistent/module.so"});
}

TEST_F(Startup, MissingModuleAloneExitsWith1) {
    config.hsm.module = "/nonexistent/module.so";
    expect_exit(1);
}

TEST_F(Startup, UnknownTokenStopsItsProtocolOnly) {
    config.hsm.token = "elsewhere";
    expect_http_alone({"elsewhere"});
}

TEST_F(Startup, PortInUseStopsItsProtocolOnly) {
    const Origin other(scratch() / "other", ports);
    config.ftp.address = "127.0.0.1";
    config.ftp.explicit_port = other.port();
    expect_http_alone({"127.0.0.1:" + std::to_string(other.port()), "in use"});
}

TEST_F(Startup, PortInUseAloneExitsWith1) {
    const Origin other(scratch() / "other", ports);
    config.ftp.address = "127.0.0.1";
    config.ftp.explicit_port = other.port();
    expect_exit(1);
}

TEST_F(Startup, CertificateOfAnotherKeyStopsItsProtocolOnly) {
    fs::copy(
        Material::get().certificates() / "other.pem",
        certificates_ / "rsa.pem",
        fs::copy_options::overwrite_existing
    );
    expect_http_alone({"alias 'rsa'", "another key", "rsa.pem"});
}

TEST_F(Startup, CertificateOfAnotherKeyAloneExitsWith1) {
    fs::copy(
        Material::get().certificates() / "other.pem",
        certificates_ / "rsa.pem",
        fs::copy_options::overwrite_existing
    );
    expect_exit(1);
}

TEST_F(Startup, UnreadableKeyFileStopsItsProtocolOnly) {
    config.ftp.hsm = false;
    expect_http_alone({(certificates_ / "rsa.key").string()});
}

TEST_F(Startup, UnreadablePinFileStopsItsProtocolOnly) {
    config.hsm.pin = "{ file: /nonexistent/pin }";
    expect_http_alone({"/nonexistent/pin"});
}

TEST_F(Startup, MisspeltKeyExitsWith2AndSuggests) {
    config.ftp.extra = "aliass: rsa";
    launch();
    EXPECT_EQ(front->process().wait(30s), 2) << front->log();
    const auto line = front->line_with("aliass");
    EXPECT_THAT(line, ::testing::ContainsRegex("hsmfront\\.yaml:[0-9]+:[0-9]+"));
    EXPECT_THAT(line, HasSubstr("ftp.aliass"));
    EXPECT_THAT(line, HasSubstr("alias"));
}

TEST_F(Startup, CheckReportsEveryMistakeAtOnce) {
    config.ftp.extra = "aliass: rsa";
    config.http.extra = "hsts: soon";
    const auto outcome = check();
    EXPECT_EQ(outcome.code, 2);
    const auto said = outcome.out + outcome.error;
    EXPECT_THAT(said, HasSubstr("ftp.aliass"));
    EXPECT_THAT(said, HasSubstr("http.hsts"));
}

TEST_F(Startup, CheckOfAGoodFileExitsWith0) {
    const auto outcome = check();
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.error;
}

TEST_F(Startup, UnknownCommandExitsWith2) { EXPECT_EQ(run({program(), "frobnicate"}).code, 2); }

TEST_F(Startup, MissingConfigurationFileExitsWith2) {
    const auto outcome = run({program(), "serve", "-c", "/nonexistent/hsmfront.yaml"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.error, HasSubstr("/nonexistent/hsmfront.yaml"));
}

}  // namespace
}  // namespace hsmfront::test
