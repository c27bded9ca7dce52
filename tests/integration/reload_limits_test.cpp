// Reload of limits: what is there stays, what comes is judged anew.
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <csignal>
#include <memory>
#include <vector>

namespace hsmfront::test {
namespace {

class ReloadLimits : public Stage {
  protected:
    ReloadLimits() { config.ftp.enabled = false; }

    /// Reloads with the limits `limits` and waits until that is done.
    void reload(const std::string& limits) {
        config.extra = "limits: " + limits + "\n";
        write_file(scratch() / "hsmfront.yaml", config.yaml());
        front->process().signal(SIGHUP);
        ++reloads_;
        ASSERT_TRUE(eventually([this] {
            return occurrences(front->log(), "reloaded: http") == reloads_;
        })) << front->log();
    }

    [[nodiscard]] bool served() const {
        return TlsClient(config.http.port).get("/small") == "small";
    }

  private:
    std::size_t reloads_ = 0;
};

TEST_F(ReloadLimits, LowerOnesRefuseOnlyThoseThatCome) {
    start();
    std::vector<std::unique_ptr<TlsClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<TlsClient>(config.http.port));
        ASSERT_EQ(clients.back()->get("/small"), "small");
    }
    ASSERT_NO_FATAL_FAILURE(reload("{ connections: 2 }"));
    for (const auto& client : clients) {
        EXPECT_EQ(client->get("/small"), "small") << "it was there";
    }
    EXPECT_FALSE(served());
    EXPECT_TRUE(front->logged("limits.connections: 1 connections refused"));
    clients.pop_back();
    EXPECT_FALSE(served()) << "two of two are left";
    clients.pop_back();
    EXPECT_TRUE(eventually([this] { return served(); }));
    ASSERT_NO_FATAL_FAILURE(reload("{ connections: 20 }"));
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<TlsClient>(config.http.port));
        EXPECT_EQ(clients.back()->get("/small"), "small");
    }
}

TEST_F(ReloadLimits, ThoseOfOneAddressChangeToo) {
    config.extra = "limits: { handshakes_per_address: 1/h }\n";
    start();
    EXPECT_TRUE(served());
    EXPECT_FALSE(served());
    ASSERT_NO_FATAL_FAILURE(reload("{ handshakes_per_address: none }"));
    EXPECT_TRUE(served());
    TlsClient stays(config.http.port);
    EXPECT_EQ(stays.get("/small"), "small");
    ASSERT_NO_FATAL_FAILURE(reload("{ per_address: 1 }"));
    EXPECT_FALSE(served());
    EXPECT_TRUE(front->logged("limits.per_address: 1 connections refused"));
    EXPECT_EQ(stays.get("/small"), "small");
}

}  // namespace
}  // namespace hsmfront::test
