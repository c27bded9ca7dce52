// Handshakes that are begun and never finished take nothing from others, and end.
#include "tests/fault/process_counts.hpp"
#include "tests/fault/shim_stage.hpp"
#include "tests/harness/client_hello.hpp"
#include "tests/harness/good_client.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/harness/wire.hpp"

#include <gmock/gmock.h>

#include <iostream>
#include <sys/resource.h>

namespace hsmfront::test {
namespace {

using ::testing::AnyOf;
using Clock = std::chrono::steady_clock;

class HalfOpen : public ShimStage {
  protected:
    HalfOpen() {
        write_file(nginx.root() / "small", "small");
        config.ftp.enabled = false;
        config.http.extra = "timeouts: { handshake: 5s }";
        config.extra =
            "limits: { per_address: 5000, handshakes_per_address: 100000/s }\nworkers: 1\n";
        rlimit files{};
        ::getrlimit(RLIMIT_NOFILE, &files);
        files.rlim_cur = files.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &files);
    }

    void begin() {
        start();
        ASSERT_EQ(TlsClient(config.http.port).get("/small"), "small");
        ASSERT_TRUE(eventually([this] { return counts_of(front->process().pid()).tcp <= 4; }));
        quiet_ = counts_of(front->process().pid());
        memory_ = resident_kib(front->process().pid());
    }

    /// `count` connections that send `beginning` and nothing more.
    void open(std::size_t count, const std::string& beginning) {
        for (std::size_t i = 0; i < count; ++i) {
            all_.push_back(Wire::connect("127.0.0.1", config.http.port));
            ASSERT_TRUE(all_.back().open());
            ASSERT_TRUE(all_.back().send(beginning));
        }
    }

    /// All of them end by the handshake's time limit, and nothing of them stays.
    void expect_end(Clock::time_point first) {
        const auto used = resident_kib(front->process().pid()) - memory_;
        std::cout << all_.size() << " half-open handshakes hold " << used << " KiB\n";
        if (!sanitized) {
            EXPECT_LT(used, all_.size() * 64);
        }
        for (Wire& one : all_) {
            EXPECT_THAT(one.rest().ending, AnyOf(Ending::fin, Ending::reset));
        }
        EXPECT_GE(Clock::now() - first, 5s);
        all_.clear();
    }

    void expect_rest() {
        ProcessCounts counts;
        EXPECT_TRUE(eventually([&] {
            counts = counts_of(front->process().pid());
            return counts == quiet_;
        })) << to_string(counts)
            << " instead of " << to_string(quiet_);
    }

  private:
    std::vector<Wire> all_;
    ProcessCounts quiet_;
    std::size_t memory_ = 0;
};

TEST_F(HalfOpen, AThousandHandshakesDisturbNobodyAndEnd) {
    ASSERT_NO_FATAL_FAILURE(begin());
    const std::string hello = real_hello();
    const auto first = Clock::now();
    {
        const GoodClient good(config.http.port);
        ASSERT_NO_FATAL_FAILURE(open(400, ""));
        ASSERT_NO_FATAL_FAILURE(open(300, hello.substr(0, hello.size() / 2)));
        ASSERT_NO_FATAL_FAILURE(open(300, hello));
        expect_end(first);
        EXPECT_TRUE(eventually([&] { return good.served() > 20; }));
        EXPECT_EQ(good.refused(), 0);
    }
    expect_rest();
}

TEST_F(HalfOpen, HandshakesThatWaitForTheTokenEndToo) {
    config.hsm.extra = "sign_timeout: 60s";
    ASSERT_NO_FATAL_FAILURE(begin());
    TlsClient kept(config.http.port);
    ASSERT_EQ(kept.get("/small"), "small");
    shim.set({{"stall", 1}});
    const auto first = Clock::now();
    ASSERT_NO_FATAL_FAILURE(open(300, real_hello()));
    EXPECT_EQ(kept.get("/small"), "small");
    expect_end(first);
    EXPECT_EQ(kept.get("/small"), "small");
    shim.set({});
    EXPECT_TRUE(eventually([this] { return TlsClient(config.http.port).get("/small") == "small"; })
    );
}

}  // namespace
}  // namespace hsmfront::test
