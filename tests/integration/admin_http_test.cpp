// The admin listener: who gets what, and that its figures are those of what was done.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <sys/stat.h>

namespace hsmfront::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class AdminHttp : public Stage {
  protected:
    AdminHttp() {
        config.extra += "admin: { listen: \"127.0.0.1:" + std::to_string(port) + "\" }\n";
    }

    [[nodiscard]] Outcome get(const std::string& path, const std::vector<std::string>& options = {})
        const {
        std::vector<std::string> words{"curl", "-sS", "--max-time", "20"};
        words.insert(words.end(), options.begin(), options.end());
        words.push_back("http://127.0.0.1:" + std::to_string(port) + path);
        return run(words, 30s);
    }
    [[nodiscard]] std::string code(const std::string& path, std::vector<std::string> options = {})
        const {
        options.insert(options.end(), {"-o", "/dev/null", "-w", "%{http_code}"});
        return get(path, options).out;
    }

    const std::uint16_t port = ports.next();
};

TEST_F(AdminHttp, MetricsCountWhatWasDone) {
    start();
    write_file(vsftpd.root() / "file", "0123456789");
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_EQ(curl({https("/small"), https("/none")}).code, 0);
    EXPECT_EQ(curl({"--user", "ftp:secret", ftp("/file")}).out, "0123456789");
    std::string metrics;
    EXPECT_TRUE(eventually([&] {
        metrics = get("/metrics").out;
        return metrics.find(
                   "hsmfront_ftp_transfers_total{kind=\"download\",outcome=\"complete\"} 1\n"
               ) != std::string::npos;
    })) << metrics;
    EXPECT_THAT(
        metrics,
        AllOf(
            HasSubstr("hsmfront_http_requests_total{status=\"2xx\"} 2\n"),
            HasSubstr("hsmfront_http_requests_total{status=\"4xx\"} 1\n"),
            HasSubstr("hsmfront_http_request_seconds_count 3\n"),
            HasSubstr("hsmfront_https_connections_total 2\n"),
            HasSubstr("hsmfront_ftp_sessions_total 1\n"),
            HasSubstr("hsmfront_ftp_transfer_bytes_total{kind=\"download\"} 10\n"),
            HasSubstr("hsmfront_backend_up{backend=\"127.0.0.1:"),
            HasSubstr("hsmfront_draining 0\n"),
            HasSubstr("process_open_fds ")
        )
    );
    write_file(scratch() / "metrics", metrics);
    const Outcome checked =
        run({"sh", "-c", "exec promtool check metrics <\"$0\"", (scratch() / "metrics").string()},
            30s);
    EXPECT_EQ(checked.code, 0) << checked.out << checked.error;
}

TEST_F(AdminHttp, OnlyReadsAndOnlyForHostsOfItsOwn) {
    start();
    EXPECT_EQ(code("/"), "200");
    EXPECT_EQ(code("/nothing"), "404");
    EXPECT_EQ(code("/metrics?match=all"), "200");
    EXPECT_EQ(code("/", {"-X", "POST"}), "405");
    EXPECT_EQ(code("/", {"--head"}), "200");
    EXPECT_EQ(code("/", {"-H", "Host: evil.example"}), "421") << "a name made to mean 127.0.0.1";
    EXPECT_EQ(code("/", {"-H", "Host: localhost:9180"}), "200");
    EXPECT_EQ(code("/", {"-H", "Host: [::1]"}), "200");
    EXPECT_EQ(code("/", {"--http1.0", "-H", "Host:"}), "200") << "a balancer's check";
    EXPECT_EQ(code("/", {"-H", "X: " + std::string(20'000, 'x')}), "400");
    EXPECT_THAT(
        get("/", {"-i"}).out,
        AllOf(HasSubstr("Content-Security-Policy: default-src 'self'"), HasSubstr("nosniff"))
    );
    EXPECT_EQ(code("/healthz"), "200");
}

TEST_F(AdminHttp, IsNotReadyFromTheFirstSignalAndAcceptsForAWhile) {
    config.drain = "20s, delay: 3s";
    start();
    EXPECT_EQ(code("/readyz"), "200");
    front->process().signal(SIGTERM);
    EXPECT_TRUE(eventually([&] { return code("/readyz") == "503"; }));
    EXPECT_THAT(get("/readyz").out, HasSubstr("told to stop"));
    EXPECT_EQ(code("/healthz"), "200");
    EXPECT_EQ(curl({https("/small")}).out, "small") << "not yet draining";
    EXPECT_EQ(front->process().wait(30s), 0);
    front.reset();
}

TEST_F(AdminHttp, UnixSocketIsForOwnerAndGroup) {
    const auto path = scratch() / "http.sock";
    config.extra = "admin: { listen: " + path.string() + " }\n";
    start();
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0660U);
    const Outcome got = run({"curl", "-sS", "--unix-socket", path.string(), "http://admin/readyz"});
    EXPECT_EQ(got.out, "ready\n") << got.error;
    EXPECT_EQ(front->process().stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
    front.reset();
}

TEST_F(AdminHttp, PortThatIsTakenIsSaidAtStart) {
    config.ftp.enabled = false;  // vsftpd has a port that is not ours
    config.extra =
        "admin: { listen: \"127.0.0.1:" + std::to_string(config.ftp.backend_port) + "\" }\n";
    launch();
    EXPECT_EQ(front->process().wait(30s), 1);
    EXPECT_THAT(front->log(), HasSubstr("admin.listen 127.0.0.1:"));
    front.reset();
}

TEST_F(AdminHttp, ClientsThatSaySomethingElseOrNothingLeaveOthersAlone) {
    start();
    Command idle;
    idle.argv = {"bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port) + "; cat <&3"};
    std::vector<std::unique_ptr<Process>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<Process>(idle));
    }
    const Outcome odd = run(
        {"bash",
         "-c",
         "exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port) +
             "; printf '\\x16\\x03\\x01 hello\\r\\n\\r\\n' >&3; head -1 <&3"}
    );
    EXPECT_THAT(odd.out, HasSubstr("400"));
    EXPECT_EQ(code("/readyz"), "200");
}

}  // namespace
}  // namespace hsmfront::test
