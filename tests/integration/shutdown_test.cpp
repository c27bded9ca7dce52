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
        auto download = slow_curl(rate, {"-o", (scratch() / "received").string(), url});
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

/// Such as one whose signature is waited for.
TEST_F(Shutdown, HandshakeUnderWayGetsItsAnswer) {
    for (const bool http2 : {false, true}) {
        config.ftp.enabled = false;
        start();
        Command command;
        command.argv = {
            "bash",
            "-c",
            // Connects now and shakes hands when a file appears.
            "exec 3<>/dev/tcp/127.0.0.1/$1; touch \"$2/connected\"; "
            "until [ -e \"$2/go\" ]; do sleep 0.02; done; exec python3 \"$3\" \"$4\" \"$5\"",
            "bash",
            std::to_string(config.http.port),
            scratch().string(),
            HSMFRONT_SOURCE_DIR "/tests/tools/late_client.py",
            Material::get().ca().string(),
            http2 ? "h2" : "http/1.1"};
        command.output = scratch() / "client.log";
        Process client(command);
        ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "connected"); }));
        // The proxy has accepted it once it serves one that came later.
        EXPECT_EQ(curl({https("/small")}).out, "small");
        front->process().signal(SIGTERM);
        ASSERT_TRUE(eventually([&] { return !listens(config.http.port); }));
        write_file(scratch() / "go", "");
        EXPECT_EQ(client.wait(20s), 0) << text_of(scratch() / "client.log");
        EXPECT_NE(text_of(scratch() / "client.log").find("small"), std::string::npos)
            << text_of(scratch() / "client.log");
        EXPECT_EQ(front->process().wait(10s), 0);
        std::filesystem::remove(scratch() / "go");
        std::filesystem::remove(scratch() / "connected");
        std::filesystem::remove(scratch() / "hsmfront.log");
        front.reset();
    }
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
