// Started as root: ports are bound first, then nothing is left of root's rights.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <pwd.h>
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
    [[nodiscard]] std::string process_status() const {
        return text_of("/proc/" + std::to_string(front->process().pid()) + "/status");
    }
};

TEST_F(Privileges, AreDroppedForGood) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root has rights to drop";
    }
    const auto own = scratch() / "own";
    fs::create_directories(own);
    fs::copy(Material::get().key_files(), own / "certs");
    fs::permissions(scratch(), fs::perms::all);
    give_away(own);
    config.hsm.present = false;
    config.ftp.enabled = false;
    config.http.hsm = false;
    config.certificates = own / "certs";
    config.extra = "user: nobody\nlog: { file: " + (own / "log").string() + " }\n";
    launch();
    ASSERT_TRUE(eventually([&] { return curl({https("/small")}).out == "small"; }));
    const std::string status = process_status();
    const std::string uid = std::to_string(::getpwnam("nobody")->pw_uid);
    EXPECT_THAT(status, HasSubstr("Uid:\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid));
    EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000"));
    EXPECT_THAT(status, HasSubstr("CapPrm:\t0000000000000000"));
    EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
    // The log was opened before; it must be possible to open it again.
    const auto before = size_of(own / "log");
    front->process().signal(SIGUSR1);
    EXPECT_TRUE(eventually([&] {
        EXPECT_EQ(curl({https("/small")}).out, "small");
        return size_of(own / "log") > before;
    }));
    fs::rename(own / "log", own / "log.1");
    front->process().signal(SIGUSR1);
    EXPECT_TRUE(eventually([&] { return fs::exists(own / "log"); }));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_TRUE(eventually([&] { return size_of(own / "log") > 0; }));
    EXPECT_EQ(
        (text_of(own / "log") + text_of(own / "log.1")).find("cannot be opened"), std::string::npos
    );
}

}  // namespace
}  // namespace hsmfront::test
