// hsm.enabled: false: the same alias from a file, with no PKCS#11 module configured at all.
#include "tests/harness/stage.hpp"

namespace hsmfront::test {
namespace {

class KeyFile : public Stage {
  protected:
    KeyFile() {
        config.hsm.present = false;
        config.ftp.hsm = false;
        config.http.hsm = false;
        config.certificates = Material::get().key_files();
    }
};

TEST_F(KeyFile, FtpServesItsAliasFromAFile) {
    config.http.enabled = false;
    start();
    const auto file = sample(100'000);
    const auto up = curl({"-T", file.string(), ftp("/up.bin")});
    ASSERT_EQ(up.code, 0) << up.error;
    EXPECT_EQ(sha256(vsftpd.root() / "up.bin"), sha256(file));
}

TEST_F(KeyFile, HttpServesItsAliasFromAFile) {
    config.ftp.enabled = false;
    start();
    EXPECT_EQ(curl({https("/small")}).out, "small");
}

TEST_F(KeyFile, BothServeWithoutAModule) {
    start();
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_EQ(curl({ftp("/")}).code, 0);
}

TEST_F(KeyFile, SetSwitchesAProtocolToItsFile) {
    config.http.enabled = false;
    config.ftp.hsm = true;
    const auto file = scratch() / "set.yaml";
    write_file(file, config.yaml());
    const auto outcome =
        run({program(), "check", "-c", file.string(), "--set", "Ftp.Hsm.enabled=false"});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.error;
    EXPECT_EQ(run({program(), "check", "-c", file.string()}).code, 2);
}

}  // namespace
}  // namespace hsmfront::test
