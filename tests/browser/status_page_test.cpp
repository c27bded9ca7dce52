// Headless Chromium reads the status page; its figures must be those of /metrics.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <map>
#include <sstream>

namespace hsmfront::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class StatusPage : public Stage {
  protected:
    StatusPage() { config.extra += "admin: { listen: \"127.0.0.1:" + port + "\" }\n"; }

    /// What the page shows, by the ids of its elements.
    std::map<std::string, std::string> read_page() {
        const auto home = scratch() / "browser";
        std::filesystem::create_directories(home);
        const auto browser =
            run({"python3",
                 HSMFRONT_SOURCE_DIR "/tests/browser/status_page.py",
                 "http://" + address + "/",
                 home.string()},
                60s);
        EXPECT_EQ(browser.code, 0) << browser.error << text_of(home / "chromium.log");
        std::map<std::string, std::string> shown;
        std::istringstream lines(browser.out);
        for (std::string line; std::getline(lines, line);) {
            const auto colon = line.find(": ");
            shown[line.substr(0, colon)] = colon == std::string::npos ? "" : line.substr(colon + 2);
        }
        for (const char* scheme : {"light", "dark"}) {
            EXPECT_GT(size_of(home / ("status-" + std::string(scheme) + ".png")), 5'000U);
        }
        return shown;
    }
    /// The value of a sample, as the exposition has it.
    std::string metric(const std::string& name) const {
        std::istringstream lines(run({"curl", "-sS", "http://" + address + "/metrics"}).out);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with(name + ' ')) {
                return line.substr(name.size() + 1);
            }
        }
        return "no " + name;
    }

    const std::string port = std::to_string(ports.next());
    const std::string address = "localhost:" + port;
};

TEST_F(StatusPage, ShowsWhatTheMetricsSay) {
    start();
    write_file(vsftpd.root() / "file", "0123456789");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(curl({https("/small")}).out, "small");
    }
    EXPECT_EQ(curl({https("/none")}).code, 0);
    EXPECT_EQ(curl({"--user", "ftp:secret", ftp("/file")}).out, "0123456789");
    EXPECT_TRUE(eventually([&] { return metric("hsmfront_connections") == "0"; }));
    auto shown = read_page();
    EXPECT_EQ(shown["ready"], "ready");
    EXPECT_EQ(shown["phase-ftp"], "up");
    EXPECT_EQ(shown["phase-http"], "up");
    EXPECT_EQ(shown["requests-2xx"], "3");
    EXPECT_EQ(shown["requests-2xx"], metric("hsmfront_http_requests_total{status=\"2xx\"}"));
    EXPECT_EQ(shown["requests-4xx"], metric("hsmfront_http_requests_total{status=\"4xx\"}"));
    EXPECT_EQ(shown["https-connections"], metric("hsmfront_https_connections_total"));
    EXPECT_EQ(shown["ftp-sessions"], metric("hsmfront_ftp_sessions_total"));
    EXPECT_EQ(
        shown["transfers-download"],
        metric("hsmfront_ftp_transfers_total{kind=\"download\",outcome=\"complete\"}")
    );
    EXPECT_EQ(shown["connections"], "0");
    EXPECT_EQ(shown["sparklines"], "1");
    EXPECT_EQ(shown["overflow"], "False");
    EXPECT_EQ(shown["origins"], "http://" + address) << "nothing comes from elsewhere";
    EXPECT_NE(shown["background-light"], shown["background-dark"]);
}

TEST_F(StatusPage, ShowsOpenSessions) {
    start();
    const auto upload = slow_curl("100k", {"-T", sample(20'000'000).string(), ftp("/uploaded")});
    EXPECT_TRUE(eventually([&] {
        return run({"curl", "-sS", "http://" + address + "/status.json"})
                   .out.find("\"doing\":\"STOR\"") != std::string::npos;
    }));
    auto shown = read_page();
    EXPECT_EQ(shown["session-count"], "1 open");
    EXPECT_THAT(
        shown["sessions"],
        AllOf(HasSubstr("FTPS explicit"), HasSubstr("ftp"), HasSubstr("STOR"), HasSubstr("KiB"))
    );
    EXPECT_EQ(shown["overflow"], "False");
    upload->signal(SIGKILL);
}

}  // namespace
}  // namespace hsmfront::test
