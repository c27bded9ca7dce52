// As many connections as limits.connections allows, nearly all of them idle: who comes is served
// well, nothing costs more than it should, and all of them end with the service.
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
#include <sys/resource.h>
#include <vector>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

/// What the proxy opens beside its connections, and two for each request that runs.
constexpr std::size_t other_files = 200;
/// Left free for those who come while the crowd is there.
constexpr std::size_t spare = 10;

class Crowd : public Stage, public ::testing::WithParamInterface<std::size_t> {
  protected:
    Crowd() {
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
        ftps_ = GetParam() / 40;
        // A session of FTPS takes two descriptors.
        all_ = std::min<std::size_t>(GetParam(), files.rlim_max - other_files - ftps_);
        config.ftp.backend_port = ports.next();
        config.drain = "60s";
        config.ftp.extra = "timeouts: { idle: 4h }";
        config.http.extra = "timeouts: { idle: 4h }";
        config.extra = "admin: { socket: " + (scratch() / "admin.sock").string() +
                       " }\nlimits: { connections: " + std::to_string(all_) + " }\n";
        Command command;
        command.argv = {
            "python3",
            HSMFRONT_SOURCE_DIR "/bench/backends/idle_ftp.py",
            std::to_string(config.ftp.backend_port)};
        backend_ = std::make_unique<Process>(command);
    }

    /// Opens `count` idle sessions (see bench/clients/idle_sessions.cpp) that stay.
    void gather(const std::string& mode, std::uint16_t port, std::size_t count) {
        Command command;
        command.argv = {IDLE_SESSIONS, std::to_string(port), std::to_string(count), mode, "1.3"};
        command.output = scratch() / mode;
        crowds_.push_back(std::make_unique<Process>(command));
        const auto output = [&] { return text_of(scratch() / mode); };
        ASSERT_TRUE(eventually([&] { return !output().empty(); }, 500s));
        ASSERT_EQ(output(), "ready " + std::to_string(count) + "\n");
    }

    [[nodiscard]] Outcome ask(const std::vector<std::string>& words) const {
        std::vector<std::string> all{program()};
        all.insert(all.end(), words.begin(), words.end());
        all.insert(all.end(), {"-c", (scratch() / "hsmfront.yaml").string()});
        return run(all, 60s, token.environment());
    }

    [[nodiscard]] std::string small() const { return TlsClient(config.http.port).get("/small"); }

    /// Full handshake and request by `count` new clients, the slowest but one in a hundred.
    [[nodiscard]] milliseconds slow(std::size_t count) const {
        std::vector<milliseconds> all;
        for (std::size_t i = 0; i < count; ++i) {
            const auto begun = Clock::now();
            EXPECT_EQ(small(), "small");
            all.push_back(std::chrono::duration_cast<milliseconds>(Clock::now() - begun));
        }
        std::sort(all.begin(), all.end());
        return all[all.size() * 99 / 100 - 1];
    }

    [[nodiscard]] std::string connections() const {
        const std::string shown = ask({"status"}).out;
        const auto at = shown.find("connections: ");
        return shown.substr(at, shown.find('\n', at) - at);
    }

    std::size_t ftps_ = 0;
    std::size_t all_ = 0;

  private:
    std::unique_ptr<Process> backend_;
    std::vector<std::unique_ptr<Process>> crowds_;
};

TEST_P(Crowd, DisturbsNobodyAndEndsWithTheService) {
    ASSERT_TRUE(eventually([this] { return listens(config.ftp.backend_port); }));
    start();
    TlsClient kept(config.http.port);
    ASSERT_EQ(kept.get("/small"), "small");
    const milliseconds alone = slow(100);
    const std::size_t before = front->private_memory_kib();
    const std::size_t https = all_ - ftps_ - 1 - spare;
    ASSERT_NO_FATAL_FAILURE(gather("explicit", config.ftp.explicit_port, ftps_));
    ASSERT_NO_FATAL_FAILURE(gather("https", config.http.port, https));
    const std::size_t cost = front->private_memory_kib() - before;
    EXPECT_EQ(connections(), "connections: " + std::to_string(all_ - spare) + ", refused: 0");
    const milliseconds crowded = slow(100);
    std::cout << https << " of HTTPS and " << ftps_ << " of FTPS take " << cost / 1024 << " MiB; "
              << alone.count() << " ms for a new client before, " << crowded.count()
              << " ms among them\n";
    if (!sanitized) {
        EXPECT_LT(cost, https * 25 + ftps_ * 40);
        EXPECT_LT(crowded, std::max<milliseconds>(500ms, 5 * alone));
    }
    EXPECT_EQ(kept.get("/small"), "small");
    EXPECT_EQ(ask({"reload"}).code, 0) << front->log();
    EXPECT_EQ(small(), "small") << "after a reload";
    EXPECT_EQ(kept.get("/small"), "small");

    std::vector<std::unique_ptr<TlsClient>> last;
    for (std::size_t i = 0; i < spare; ++i) {
        last.push_back(std::make_unique<TlsClient>(config.http.port));
        EXPECT_EQ(last.back()->get("/small"), "small");
    }
    EXPECT_FALSE(TlsClient(config.http.port).connected()) << "one too many";
    EXPECT_TRUE(front->logged("limits.connections: 1 connections refused"));
    EXPECT_THAT(
        ask({"status", "--metrics"}).out,
        HasSubstr("hsmfront_connections_refused_total{limit=\"connections\"} 1\n")
    );
    EXPECT_EQ(kept.get("/small"), "small");

    const auto told = Clock::now();
    front->process().signal(SIGTERM);
    EXPECT_EQ(front->process().wait(60s), 0) << front->log();
    std::cout << "all ended within "
              << std::chrono::duration_cast<milliseconds>(Clock::now() - told).count() << " ms\n";
    EXPECT_FALSE(front->logged("shutdown.drain is over", 0ms)) << "idle ones do not need it";
    front.reset();
}

std::string name_of(const ::testing::TestParamInfo<std::size_t>& count) {
    return "Of" + std::to_string(count.param);
}

INSTANTIATE_TEST_SUITE_P(Short, Crowd, ::testing::Values(2'000), name_of);
INSTANTIATE_TEST_SUITE_P(LongTransfer, Crowd, ::testing::Values(20'000), name_of);

}  // namespace
}  // namespace hsmfront::test
