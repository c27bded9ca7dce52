// limits.memory: refused while it is used up, served again when it is free.
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <memory>
#include <sys/resource.h>
#include <vector>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

class MemoryLimit : public Stage {
  protected:
    MemoryLimit() {
        config.ftp.enabled = false;
        config.extra = "admin: { socket: " + (scratch() / "admin.sock").string() + " }\n";
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }

    /// Of the proxy, in KiB.
    [[nodiscard]] std::size_t resident() const {
        const std::string status =
            text_of("/proc/" + std::to_string(front->process().pid()) + "/status");
        const auto at = status.find("VmRSS:");
        return at == std::string::npos ? 0 : std::stoul(status.substr(at + 6));
    }

    [[nodiscard]] Outcome ask(const std::vector<std::string>& words) const {
        std::vector<std::string> all{program()};
        all.insert(all.end(), words.begin(), words.end());
        all.insert(all.end(), {"-c", (scratch() / "hsmfront.yaml").string()});
        return run(all, 60s, token.environment());
    }
};

TEST_F(MemoryLimit, RefusesWhileItIsUsedUpAndServesAgain) {
    start();
    TlsClient first(config.http.port);
    ASSERT_EQ(first.get("/small"), "small");
    const std::size_t limit = std::max<std::size_t>(resident() + 8 * 1024, 64 * 1024);
    config.extra +=
        "limits: { per_address: 10000, memory: " + std::to_string(limit * 1024) + " }\n";
    write_file(scratch() / "hsmfront.yaml", config.yaml());
    ASSERT_EQ(ask({"reload"}).code, 0) << front->log();
    std::vector<std::unique_ptr<TlsClient>> clients;
    bool refused = false;
    while (!refused && clients.size() < 9'000) {
        clients.push_back(std::make_unique<TlsClient>(config.http.port, first.session()));
        refused = !clients.back()->connected() || clients.back()->get("/small") != "small";
    }
    std::cout << clients.size() << " clients, " << resident() << " KiB of " << limit << "\n";
    ASSERT_TRUE(refused);
    EXPECT_TRUE(front->logged("limits.memory: 1 connections refused"));
    EXPECT_THAT(
        ask({"status", "--metrics"}).out,
        HasSubstr("hsmfront_connections_refused_total{limit=\"memory\"} 1\n")
    );
    EXPECT_EQ(first.get("/small"), "small") << "it was there";
    EXPECT_EQ(clients[clients.size() / 2]->get("/small"), "small");
    clients.clear();
    if (!sanitized) {  // a sanitizer keeps what was freed
        EXPECT_TRUE(eventually([this] {
            return TlsClient(config.http.port).get("/small") == "small";
        })) << resident();
    }
}

}  // namespace
}  // namespace hsmfront::test
