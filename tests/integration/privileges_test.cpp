// Started as root: ports are bound first, then nothing is left of root's rights.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Privileges : public Stage {
  protected:
    /// Everything in `folder` is nobody's.
    static void give_away(const fs::path& folder) {
        const passwd* const nobody = ::getpwnam("nobody");
        ASSERT_NE(nobody, nullptr);
        ASSERT_EQ(::chown(folder.c_str(), nobody->pw_uid, nobody->pw_gid), 0);
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            ASSERT_EQ(::chown(entry.path().c_str(), nobody->pw_uid, nobody->pw_gid), 0);
        }
    }
    static std::string status_of(pid_t process) {
        return text_of("/proc/" + std::to_string(process) + "/status");
    }
    static void expect_no_rights(const std::string& status) {
        const std::string uid = std::to_string(::getpwnam("nobody")->pw_uid);
        EXPECT_THAT(status, HasSubstr("Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid));
        EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000"));
        EXPECT_THAT(status, HasSubstr("CapPrm:\t0000000000000000"));
        EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
    }
    [[nodiscard]] fs::path own() const { return scratch() / "own"; }

    /// Starts as root with `user: nobody`, HTTPS alone, its key in a file, and a log of its own.
    void start_as_root() {
        fs::create_directories(own());
        fs::copy(Material::get().key_files(), own() / "certs");
        fs::permissions(scratch(), fs::perms::all);
        give_away(own());
        config.hsm.present = false;
        config.ftp.enabled = false;
        config.http.hsm = false;
        config.certificates = own() / "certs";
        config.extra = "user: nobody\nlog: { file: " + (own() / "log").string() + " }\n";
        launch();
        ASSERT_TRUE(eventually([&] { return curl({https("/small")}).out == "small"; }));
    }
};

TEST_F(Privileges, AreDroppedForGood) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root has rights to drop";
    }
    start_as_root();
    expect_no_rights(status_of(front->process().pid()));
    // The log was opened before; it must be possible to open it again.
    const auto before = size_of(own() / "log");
    front->process().signal(SIGUSR1);
    EXPECT_TRUE(eventually([&] {
        EXPECT_EQ(curl({https("/small")}).out, "small");
        return size_of(own() / "log") > before;
    }));
    fs::rename(own() / "log", own() / "log.1");
    front->process().signal(SIGUSR1);
    EXPECT_TRUE(eventually([&] { return fs::exists(own() / "log"); }));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_TRUE(eventually([&] { return size_of(own() / "log") > 0; }));
    EXPECT_EQ(
        (text_of(own() / "log") + text_of(own() / "log.1")).find("cannot be opened"),
        std::string::npos
    );
}

/// A port that only root can bind is handed over.
TEST_F(Privileges, AreNotNeededByTheProcessThatTakesOver) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root has rights to drop";
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const auto low = static_cast<std::uint16_t>(600 + ::getpid() % 400);
    if (listens(low)) {
        GTEST_SKIP() << "port " << low << " is somebody's";
    }
    config.http.port = low;
    start_as_root();
    front->process().signal(SIGUSR2);
    ASSERT_EQ(front->process().wait(60s), 0) << text_of(own() / "log");
    const std::string log = text_of(own() / "log");
    const auto told = log.find("upgraded: process ");
    ASSERT_NE(told, std::string::npos) << log;
    const pid_t next = std::stoi(log.substr(told + 18));
    expect_no_rights(status_of(next));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    ::kill(next, SIGTERM);
    EXPECT_TRUE(eventually([&] { return ::waitpid(next, nullptr, WNOHANG) == next; }));
}

}  // namespace
}  // namespace hsmfront::test
