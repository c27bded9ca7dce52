// No descriptors left: new connections are turned away, those that stand go on.
#include "tests/harness/stage.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/harness/wire.hpp"

#include <list>

namespace hsmfront::test {
namespace {

class Descriptors : public Stage {
  protected:
    Descriptors() {
        config.ftp.enabled = false;
        config.extra += "workers: 1\n";
        config.wrapper = {"prlimit", "--nofile=100:100"};
    }
};

TEST_F(Descriptors, RunningOutCostsNewConnectionsOnly) {
    start();
    TlsClient kept(config.http.port);
    ASSERT_EQ(kept.get("/small"), "small");
    std::list<Wire> crowd;
    std::size_t turned_away = 0;
    while (turned_away < 20 && crowd.size() < 500) {
        crowd.push_back(Wire::connect("127.0.0.1", config.http.port));
        if (crowd.size() > 30) {
            turned_away = 0;
            for (Wire& one : crowd) {
                turned_away += one.available().ending == Ending::silence ? 0U : 1U;
            }
        }
    }
    EXPECT_GE(turned_away, 20U) << "the others wait in the kernel's queue";
    EXPECT_TRUE(front->logged("cannot accept connections: Too many open files"));
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(kept.get("/small"), "small");
    }
    crowd.clear();
    EXPECT_TRUE(eventually([&] { return curl({https("/small")}).out == "small"; }));
    EXPECT_LE(occurrences(front->log(), "cannot accept connections"), 2U) << front->log();
}

}  // namespace
}  // namespace hsmfront::test
