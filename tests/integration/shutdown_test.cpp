// SIGTERM: what runs is finished, nothing new is taken; a second one ends it now.
#include "tests/harness/stage.hpp"

#include <csignal>

namespace hsmfront::test {
namespace {

class Shutdown : public Stage {
  protected:
    Shutdown() { config.drain = "30s"; }

    /// Starts a download that takes some seconds, and waits until bytes have come.
    std::unique_ptr<Process> slow_download(const std::string& url, const std::string& rate) {
        Command command;
        command.argv = {
            "curl",
            "-sS",
            "--ssl-reqd",
            "--user",
            "ftp:secret",
            "--limit-rate",
            rate,
            "--cacert",
            Material::get().ca().string(),
            "-o",
            (scratch() / "received").string(),
            url};
        command.output = scratch() / "curl.log";
        auto download = std::make_unique<Process>(command);
        EXPECT_TRUE(eventually([&] { return size_of(scratch() / "received") > 0; }));
        return download;
    }
};

TEST_F(Shutdown, RunningHttpsDownloadIsFinished) {
    config.ftp.enabled = false;
    start();
    write_random(nginx.root() / "file", 12'000'000);
    const auto download = slow_download(https("/file"), "8M");
    front->process().signal(SIGTERM);
    EXPECT_EQ(download->wait(60s), 0);
    EXPECT_EQ(front->process().wait(30s), 0);
    EXPECT_EQ(sha256(scratch() / "received"), sha256(nginx.root() / "file"));
}

TEST_F(Shutdown, RunningFtpsDownloadIsFinished) {
    config.http.enabled = false;
    start();
    write_random(vsftpd.root() / "file", 12'000'000);
    const auto download = slow_download(ftp("/file"), "8M");
    front->process().signal(SIGTERM);
    EXPECT_EQ(download->wait(60s), 0);
    EXPECT_EQ(front->process().wait(30s), 0);
    EXPECT_EQ(sha256(scratch() / "received"), sha256(vsftpd.root() / "file"));
}

TEST_F(Shutdown, NothingNewIsTakenWhileDraining) {
    config.ftp.enabled = false;
    start();
    write_random(nginx.root() / "file", 12'000'000);
    const auto download = slow_download(https("/file"), "8M");
    front->process().signal(SIGTERM);
    EXPECT_TRUE(eventually([&] { return !listens(config.http.port); }));
    EXPECT_TRUE(front->process().running());
}

TEST_F(Shutdown, SecondSignalEndsItNow) {
    config.ftp.enabled = false;
    start();
    write_random(nginx.root() / "file", 40'000'000);
    const auto download = slow_download(https("/file"), "1M");
    front->process().signal(SIGTERM);
    ASSERT_TRUE(eventually([&] { return !listens(config.http.port); }));
    front->process().signal(SIGTERM);
    EXPECT_EQ(front->process().wait(5s), 0);
    EXPECT_NE(download->wait(20s), 0) << "a cut download must not look complete";
}

}  // namespace
}  // namespace hsmfront::test
