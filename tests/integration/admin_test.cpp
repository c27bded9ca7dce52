// The running service and the commands that ask it: status, reload, pin.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <sys/un.h>

namespace hsmfront::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Admin : public Stage {
  protected:
    Admin() { config.extra += "admin: { socket: " + socket().string() + " }\n"; }

    [[nodiscard]] std::filesystem::path socket() const { return scratch() / "admin.sock"; }

    /// `hsmfront WORDS` with the configuration of the running service.
    [[nodiscard]] Outcome ask(std::vector<std::string> words) const {
        words.insert(words.begin(), program());
        words.insert(words.end(), {"-c", (scratch() / "hsmfront.yaml").string()});
        return run(words, 60s, token.environment());
    }

    /// `hsmfront pin` with `pin` on its standard input.
    [[nodiscard]] Outcome type_pin(const std::string& pin) const {
        const auto file = scratch() / "typed";
        write_file(file, pin + "\n");
        return run(
            {"sh",
             "-c",
             "exec \"$0\" pin -c \"$1\" <\"$2\"",
             program(),
             (scratch() / "hsmfront.yaml").string(),
             file.string()},
            60s,
            token.environment()
        );
    }

    void rewrite_configuration() const { write_file(scratch() / "hsmfront.yaml", config.yaml()); }
};

TEST_F(Admin, StatusShowsProtocolsTokenAndCertificates) {
    start();
    EXPECT_EQ(curl({https("/small")}).out, "small");
    const auto shown = ask({"status"});
    EXPECT_EQ(shown.code, 0) << shown.error;
    EXPECT_THAT(
        shown.out,
        AllOf(
            HasSubstr("ready: yes"),
            HasSubstr("rsa (RSA-2048, key in HSM) CN=localhost"),
            HasSubstr("token front: up, generation 1, 8 signers (0 stuck)"),
            HasSubstr("ec: 1 signatures")
        )
    );
    const auto metrics = ask({"status", "--metrics"});
    EXPECT_EQ(metrics.code, 0);
    EXPECT_THAT(
        metrics.out,
        AllOf(
            HasSubstr("hsmfront_ready 1\n"),
            HasSubstr("hsmfront_hsm_signatures_total{token=\"front\",alias=\"ec\"} 1\n")
        )
    );
}

TEST_F(Admin, HealthcheckSaysInOneLineWhetherTheServiceIsReady) {
    config.hsm.pin = "";
    launch();
    ASSERT_TRUE(front->logged("waiting 60 s for \"hsmfront pin\""));
    const auto waiting = ask({"healthcheck"});
    EXPECT_EQ(waiting.code, 1);
    EXPECT_EQ(waiting.out, "ready: no, no protocol serves\n");
    ASSERT_EQ(type_pin("123456").code, 0);
    const auto ready = ask({"healthcheck"});
    EXPECT_EQ(ready.code, 0) << ready.error;
    EXPECT_EQ(ready.out, "ready: yes\n");
    EXPECT_EQ(front->process().stop(), 0);
    const auto gone = ask({"healthcheck"});
    EXPECT_EQ(gone.code, 1);
    EXPECT_THAT(gone.error, HasSubstr("is the service running with this configuration?"));
    config.extra = "";
    rewrite_configuration();
    const auto nowhere = ask({"healthcheck"});
    EXPECT_EQ(nowhere.code, 1) << "container engines keep 2 for themselves";
    EXPECT_EQ(nowhere.error, "hsmfront: admin.socket is not set; set it and restart the service\n");
    front.reset();
}

TEST_F(Admin, StatusIsShownAgainAndAgain) {
    start();
    Command command;
    command.argv = {program(), "status", "--watch", "-c", (scratch() / "hsmfront.yaml").string()};
    command.output = scratch() / "watched";
    Process watching(command);
    EXPECT_TRUE(eventually([&] {
        return occurrences(text_of(scratch() / "watched"), "ready: yes") >= 2;
    }));
    watching.signal(SIGINT);
    EXPECT_NE(watching.wait(10s), 0);
}

TEST_F(Admin, SocketIsForItsOwnerAndGoesWithTheService) {
    start();
    struct stat info {};
    ASSERT_EQ(::stat(socket().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(front->process().stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(socket()));
    const auto nobody = ask({"status"});
    EXPECT_EQ(nobody.code, 1);
    EXPECT_THAT(nobody.error, HasSubstr("is the service running with this configuration?"));
    front.reset();
}

TEST_F(Admin, SocketLeftByAKilledServiceIsTakenOver) {
    start();
    front->process().signal(SIGKILL);
    ASSERT_EQ(front->process().wait(10s), 128 + SIGKILL);
    ASSERT_TRUE(std::filesystem::exists(socket()));
    launch();
    EXPECT_TRUE(eventually([this] { return ask({"status"}).code == 0; })) << front->log();
}

TEST_F(Admin, ReloadServesNewSettingsAndSaysSo) {
    config.http.extra = "hsts: 0s";
    start();
    EXPECT_THAT(curl({"-i", https("/small")}).out, Not(HasSubstr("Strict-Transport-Security")));
    config.http.extra = "hsts: 1d";
    rewrite_configuration();
    const auto done = ask({"reload"});
    EXPECT_EQ(done.code, 0) << done.out;
    EXPECT_THAT(done.out, AllOf(HasSubstr("reloaded: ftp with rsa"), HasSubstr("http with ec")));
    EXPECT_THAT(
        curl({"-i", https("/small")}).out,
        ::testing::ContainsRegex("[Ss]trict-[Tt]ransport-[Ss]ecurity: max-age=86400")
    );
    EXPECT_THAT(ask({"status"}).out, HasSubstr("last reload: "));
}

TEST_F(Admin, ReloadThatFailsChangesNothing) {
    config.http.extra = "hsts: 1d";
    start();
    const auto failing = [this](const std::string& why) {
        rewrite_configuration();
        const auto failed = ask({"reload"});
        EXPECT_EQ(failed.code, 1);
        EXPECT_THAT(
            failed.out, AllOf(HasSubstr("reload failed, nothing was changed"), HasSubstr(why))
        );
        EXPECT_THAT(curl({"-i", https("/small")}).out, HasSubstr("max-age=86400")) << why;
        EXPECT_EQ(curl({ftp("/")}).code, 0) << why;
    };
    const FrontConfig good = config;
    config.http.extra = "hsts: 2d\nhtps: 1";
    failing("unknown key");
    config = good;
    config.http.extra = "hsts: 2d";
    config.http.alias = "nobody";
    failing("alias 'nobody'");
    config = good;
    config.http.extra = "hsts: 2d";
    config.hsm.pin = "{ value: \"000000\" }";
    failing("PIN");
    config = good;
    config.http.extra = "hsts: 2d";
    config.extra += "workers: 7\n";
    failing("workers changed, which needs a restart");
    config = good;
    write_file(scratch() / "hsmfront.yaml", "not: [yaml\n");
    EXPECT_EQ(ask({"reload"}).code, 2) << "where is the socket?";
    front->process().signal(SIGHUP);
    EXPECT_TRUE(front->logged("not valid YAML"));
    config = good;
    rewrite_configuration();
    EXPECT_THAT(ask({"status"}).out, HasSubstr("ready: yes"));
}

TEST_F(Admin, ReloadMovesFromFilesToTheTokenAndBack) {
    config.certificates = Material::get().key_files();
    config.ftp.hsm = config.http.hsm = false;
    start();
    config.certificates = Material::get().certificates();
    config.ftp.hsm = config.http.hsm = true;
    rewrite_configuration();
    ASSERT_EQ(ask({"reload"}).code, 0);
    EXPECT_THAT(ask({"status"}).out, HasSubstr("rsa (RSA-2048, key in HSM)"));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_THAT(ask({"status"}).out, HasSubstr("ec: 1 signatures"));
    config.certificates = Material::get().key_files();
    config.ftp.hsm = config.http.hsm = false;
    rewrite_configuration();
    ASSERT_EQ(ask({"reload"}).code, 0);
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_THAT(
        ask({"status"}).out, AllOf(HasSubstr("key in file"), Not(HasSubstr("token front")))
    );
}

TEST_F(Admin, ReloadBringsUpAProtocolThatCouldNotStart) {
    config.ftp.alias = "nobody";
    launch();
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("protocol ftp does not start: "));
    config.ftp.alias = "rsa";
    rewrite_configuration();
    EXPECT_EQ(ask({"reload"}).code, 0);
    EXPECT_EQ(curl({ftp("/")}).code, 0);
}

TEST_F(Admin, TypedPinStartsWhatWaitsForIt) {
    config.hsm.pin = "";
    launch();
    ASSERT_TRUE(front->logged("waiting 60 s for \"hsmfront pin\""));
    EXPECT_THAT(ask({"status"}).out, HasSubstr("ready: no"));
    const auto refused = type_pin("000000");
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.out, HasSubstr("PIN"));
    const auto again = type_pin("000000");
    EXPECT_THAT(again.out, HasSubstr("not sent again"));
    const auto accepted = type_pin("123456");
    EXPECT_EQ(accepted.code, 0) << accepted.out << accepted.error;
    EXPECT_TRUE(front->up("ftp"));
    EXPECT_TRUE(front->up("http"));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_EQ(type_pin("123456").code, 1) << "nobody asked for it";
    EXPECT_THAT(front->log(), Not(HasSubstr("123456")));
    EXPECT_EQ(ask({"reload"}).code, 0) << "the typed PIN is kept for later logins";
    EXPECT_EQ(curl({https("/small")}).out, "small");
}

TEST_F(Admin, TypedPinMakesUpForAWrongConfiguredOne) {
    const auto certificates = scratch() / "certs";
    std::filesystem::copy(Material::get().key_files(), certificates);
    std::filesystem::copy_file(
        Material::get().certificates() / "rsa.pem",
        certificates / "rsa.pem",
        std::filesystem::copy_options::overwrite_existing
    );
    config.certificates = certificates;
    config.http.hsm = false;
    config.hsm.pin = "{ value: \"000000\" }";
    launch();
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("protocol ftp does not start: "));
    EXPECT_THAT(ask({"reload"}).out, HasSubstr("not sent again"));
    const auto accepted = type_pin("123456");
    EXPECT_EQ(accepted.code, 0) << accepted.out << accepted.error;
    EXPECT_TRUE(front->up("ftp"));
    EXPECT_EQ(curl({ftp("/")}).code, 0);
}

TEST_F(Admin, SocketNeverTakesThePlaceOfAFile) {
    write_file(socket(), "precious");
    launch();
    EXPECT_EQ(front->process().wait(30s), 1);
    EXPECT_TRUE(front->logged("admin.socket " + socket().string() + ": cannot bind"));
    EXPECT_EQ(text_of(socket()), "precious");
    front.reset();
}

TEST_F(Admin, PinNotTypedInTimeEndsAServiceWithNothingElseToServe) {
    config.hsm.pin = "";
    config.hsm.extra = "pin_timeout: 500ms";
    launch();
    EXPECT_EQ(front->process().wait(30s), 1);
    EXPECT_TRUE(front->logged("no protocol could start"));
    front.reset();
}

TEST_F(Admin, HostsHaveCertificatesOfTheirOwn) {
    config.http.extra =
        "hosts: { www.example.com: { alias: rsa }, \"*.example.org\": { alias: [ec, rsa] } }";
    start();
    const auto type_for = [this](const std::string& name) {
        const auto shown = run(
            {"sh",
             "-c",
             "openssl s_client -connect 127.0.0.1:\"$0\" -servername \"$1\" -showcerts </dev/null "
             "2>/dev/null | openssl x509 -noout -text",
             std::to_string(config.http.port),
             name},
            30s
        );
        return shown.out.find("rsaEncryption") != std::string::npos ? "rsa" : "ec";
    };
    EXPECT_STREQ(type_for("www.example.com"), "rsa");
    EXPECT_STREQ(type_for("WWW.Example.Com"), "rsa");
    EXPECT_STREQ(type_for("other.example.com"), "ec");
    EXPECT_STREQ(type_for("a.example.org"), "ec");
    EXPECT_STREQ(type_for("a.b.example.org"), "ec");
    EXPECT_THAT(ask({"status"}).out, HasSubstr("rsa (RSA-2048, key in HSM)"));
    // An alias of several hosts is one series.
    std::istringstream metrics(ask({"status", "--metrics"}).out);
    std::set<std::string> series;
    for (std::string line; std::getline(metrics, line);) {
        EXPECT_TRUE(series.insert(line).second) << line;
    }
}

}  // namespace
}  // namespace hsmfront::test
