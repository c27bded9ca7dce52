// What the process denies itself and the PKCS#11 module, and that everything works within it.
#include "tests/integration/upgrade_scene.hpp"
#include "tests/support/shim_control.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Each;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* denied = "Operation not permitted";
constexpr const char* out_of_reach = "Permission denied";

class Sandbox : public UpgradeScene {
  protected:
    Sandbox() {
        config.hsm.module = ShimControl::module().string();
        config.env["HSMFRONT_SHIM_PROBE"] = elsewhere.path().string();
        (void)elsewhere.write("secret", "secret");
    }

    /// What the shim and SoftHSM write beside what the configuration names.
    [[nodiscard]] std::string confined() const {
        return "{ landlock: true, write: [" + (scratch() / "token").string() + ", " +
               fs::path(std::getenv("HSMFRONT_SHIM_COUNTERS")).parent_path().string() + "] }";
    }

    /// What the shim's try of that name came to.
    [[nodiscard]] std::string tried(const std::string& name) const {
        const std::string line = front->line_with("probe " + name + ": ");
        return line.empty() ? "not tried" : line.substr(line.find(": ") + 2);
    }

    /// That field of /proc/PID/task/TID/status, of each thread.
    [[nodiscard]] std::vector<std::string> of_threads(const std::string& field) const {
        std::vector<std::string> values;
        const std::string process = "/proc/" + std::to_string(serving());
        for (const auto& thread : fs::directory_iterator(process + "/task")) {
            const std::string status = text_of(thread.path() / "status");
            const auto at = status.find("\n" + field + ":\t");
            values.push_back(at == status.npos ? "none" : status.substr(at + field.size() + 3, 1));
        }
        return values;
    }

    /// With the environment of the service.
    [[nodiscard]] Outcome ask(const std::vector<std::string>& words) const {
        std::vector<std::string> argv{program()};
        argv.insert(argv.end(), words.begin(), words.end());
        argv.insert(argv.end(), {"-c", (scratch() / "hsmfront.yaml").string()});
        return run(argv, 60s, config.env);
    }

    void expect_service() {
        const auto file = sample(300'000);
        const auto name = file.filename().string();
        EXPECT_EQ(curl({https("/small")}).out, "small");
        EXPECT_EQ(curl({"-T", file.string(), ftp("/")}).code, 0);
        EXPECT_EQ(curl({"-o", (scratch() / "back").string(), ftps("/" + name)}).code, 0);
        EXPECT_EQ(sha256(scratch() / "back"), sha256(file));
    }

    TempDir elsewhere;  ///< nothing in it is named in the configuration
    ShimControl shim;
};

TEST_F(Sandbox, DeniesSystemCallsUnlessToldOtherwise) {
    start();
    expect_service();
    EXPECT_THAT(of_threads("Seccomp"), Each(Eq("2")));
    EXPECT_THAT(of_threads("NoNewPrivs"), Each(Eq("1")));
    for (const char* name : {"unshare", "io_uring", "namespace"}) {
        EXPECT_EQ(tried(name), denied) << name;
    }
    if (!sanitized) {  // LeakSanitizer needs it
        EXPECT_EQ(tried("ptrace"), denied);
    }
    for (const char* name : {"read", "write", "spawn"}) {
        EXPECT_EQ(tried(name), "Success") << name;
    }
    EXPECT_TRUE(front->logged("system calls that nothing here needs are denied"));
}

TEST_F(Sandbox, CanBeLeftOff) {
    config.sandbox = "{ seccomp: false, landlock: false }";
    start();
    expect_service();
    EXPECT_THAT(of_threads("Seccomp"), Each(Eq("0")));
    EXPECT_THAT(of_threads("NoNewPrivs"), Each(Eq("1")));
    for (const char* name : {"ptrace", "unshare", "io_uring", "namespace"}) {
        EXPECT_THAT(tried(name), Not(AnyOf(denied, "not tried"))) << name;
    }
    EXPECT_EQ(tried("unshare"), "Success");
    EXPECT_EQ(tried("read"), "Success");
    EXPECT_EQ(front->line_with("sandbox."), "");
}

TEST_F(Sandbox, KeepsFilesOutOfReachAndEverythingWorks) {
    const TempDir logs;
    const TempDir secrets;
    (void)secrets.write("ticket", std::string(80, 'k'));
    fs::permissions(secrets / "ticket", fs::perms::owner_read);
    config.hsm.pin =
        "{ file: " + secrets.write("pin", std::string(Token::pin) + "\n").string() + " }";
    fs::permissions(secrets / "pin", fs::perms::owner_read);
    config.sandbox = confined();
    config.extra += "log: { file: " + (logs / "log").string() +
                    ", access: " + (logs / "access").string() + " }\n" +
                    "tls: { tickets: { keys: " + (secrets / "ticket").string() + " } }\n";
    launch();
    const auto log = [&] { return text_of(logs / "log"); };
    for (const std::string protocol : {"ftp", "http"}) {
        const std::string up = "protocol " + protocol + " is up";
        ASSERT_TRUE(eventually([&] { return log().find(up) != std::string::npos; })) << log();
    }
    expect_service();
    for (const char* name : {"read", "write"}) {
        EXPECT_EQ(tried(name), out_of_reach) << name;
    }
    EXPECT_EQ(tried("spawn"), "Success");
    EXPECT_THAT(log(), HasSubstr("files that the configuration does not name cannot be opened"));

    // What comes later: logs opened anew, files read again, the module loaded afresh.
    fs::rename(logs / "log", logs / "log.1");
    front->process().signal(SIGUSR1);
    EXPECT_TRUE(eventually([&] { return fs::exists(logs / "log"); }));
    (void)secrets.write("new", std::string(80, 'n'));
    fs::permissions(secrets / "new", fs::perms::owner_read);
    fs::rename(secrets / "new", secrets / "ticket");
    EXPECT_TRUE(eventually([&] {
        return log().find("tls.tickets.keys: read again") != std::string::npos;
    }));
    const auto reloaded = ask({"reload"});
    EXPECT_EQ(reloaded.code, 0) << reloaded.error;
    expect_service();
    EXPECT_THAT(log(), Not(HasSubstr(out_of_reach)));
    EXPECT_EQ(ask({"status"}).code, 0);
    EXPECT_EQ(front->process().stop(30s), 0);
    EXPECT_FALSE(fs::exists(scratch() / "admin.sock"));
}

TEST_F(Sandbox, ReloadTellsThatAFileIsOutside) {
    const TempDir later;
    config.sandbox = confined();
    start();
    fs::copy(config.certificates, later / "certs");
    config.certificates = later / "certs";
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    const auto refused = ask({"reload"});
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(
        refused.out,
        AllOf(HasSubstr(out_of_reach), HasSubstr((later / "certs").string() + " was not allowed"))
    );
    expect_service();
    // Changed keys need a restart as well; then the folder may be read.
    config.sandbox = "{ landlock: false }";
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    EXPECT_THAT(ask({"reload"}).out, HasSubstr("sandbox changed, which needs a restart"));
    config.sandbox = confined();
    ASSERT_EQ(front->process().stop(30s), 0);
    fs::remove(scratch() / "hsmfront.log");  // in which it is up
    start();
    expect_service();
}

TEST_F(Sandbox, UpgradeKeepsItAndAddsItsOwn) {
    config.sandbox = confined();
    start();
    const std::string line = "files that the configuration does not name cannot be opened";
    for (std::size_t processes = 2; processes < 4; ++processes) {
        ASSERT_NE(upgrade(), 0);
        EXPECT_EQ(occurrences(front->log(), line), processes);
        EXPECT_THAT(of_threads("Seccomp"), Each(Eq("2")));
        expect_service();
    }
    EXPECT_EQ(tried("read"), out_of_reach);
    EXPECT_EQ(front->error_lines(), 0U) << front->log();
}

TEST_F(Sandbox, DoctorTriesTheModuleWithinIt) {
    config.sandbox = confined();
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    const auto well = ask({"doctor"});
    EXPECT_EQ(well.code, 0) << well.out;
    EXPECT_THAT(well.out, HasSubstr("sandbox"));
    const TempDir far;
    const Token other(far / "other");
    config.env["SOFTHSM2_CONF"] = other.environment().at("SOFTHSM2_CONF");
    const auto outside = ask({"doctor"});
    EXPECT_EQ(outside.code, 1);
    EXPECT_THAT(outside.out, HasSubstr("is it the sandbox?"));
    EXPECT_EQ(ask({"doctor", "--set", "sandbox.landlock=false"}).code, 0);
    EXPECT_EQ(ask({"doctor", "--set", "sandbox.read=" + far.path().string()}).code, 0);
}

TEST_F(Sandbox, CheckWarnsOfKeysWithoutEffect) {
    config.sandbox = "{ landlock: true, read: [/no/such/folder] }";
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    EXPECT_THAT(ask({"check"}).error, HasSubstr("sandbox.read: no /no/such/folder"));
    config.sandbox = "{ write: [/tmp] }";
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    EXPECT_THAT(
        ask({"check"}).error, HasSubstr("sandbox.write: has no effect without sandbox.landlock")
    );
}

TEST_F(Sandbox, OldKernelsServeWithout) {
    config.sandbox = confined();
    config.wrapper = {"/usr/bin/python3", HSMFRONT_SOURCE_DIR "/tests/tools/confined.py", "none"};
    start();
    expect_service();
    EXPECT_THAT(front->line_with("sandbox.landlock is off"), HasSubstr("has no Landlock"));
    EXPECT_THAT(front->line_with("sandbox.seccomp is off"), HasSubstr("not implemented"));
}

TEST_F(Sandbox, AfterTooManyUpgradesItServesWithWhatItHas) {
    config.sandbox = confined();
    config.wrapper = {"/usr/bin/python3", HSMFRONT_SOURCE_DIR "/tests/tools/confined.py", "full"};
    start();
    expect_service();
    EXPECT_THAT(
        front->line_with("sandbox.landlock is off"), HasSubstr("confined 16 times already")
    );
    EXPECT_EQ(tried("unshare"), denied);
}

}  // namespace
}  // namespace hsmfront::test
