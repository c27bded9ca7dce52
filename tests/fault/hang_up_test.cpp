// Clients that leave while the token still works on their signature must leave nothing behind.
#include "tests/fault/process_counts.hpp"
#include "tests/fault/shim_stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <iostream>
#include <unistd.h>

namespace hsmfront::test {
namespace {

class HangUp : public ShimStage {
  protected:
    HangUp() {
        config.ftp.enabled = false;
        config.hsm.extra = "signers: 8";
    }

    void begin() {
        start();
        quiet = counts_of(front->process().pid());
    }

    /// `count` visits; returns once the proxy is done with all of them.
    void visit(std::size_t count) {
        const auto left =
            run({HANG_UP, std::to_string(config.http.port), std::to_string(count), "16"});
        ASSERT_EQ(left.code, 0) << left.error;
        std::cout << left.out;
        visits += count;
        ASSERT_TRUE(eventually([&] {
            ++visits;
            ::close(connect_to(config.http.port));
            return last_session() >= visits;
        })) << "connections wait to be accepted";
        ProcessCounts counts;
        EXPECT_TRUE(eventually([&] {
            counts = counts_of(front->process().pid());
            return counts == quiet;
        })) << to_string(counts)
            << " instead of " << to_string(quiet);
    }

    /// The number of the last session that the log tells of; each accepted connection has its own,
    /// also those that were reset before they were looked at.
    [[nodiscard]] std::size_t last_session() const {
        const std::string log = front->log();
        const auto at = log.rfind(" session ");
        return at == std::string::npos ? 0 : std::stoul(log.substr(at + 9));
    }

    ProcessCounts quiet;
    std::size_t visits = 0;
};

TEST_F(HangUp, WhileTheSignatureIsPendingLeavesNothingBehind) {
    begin();
    shim.set({{"delay_ms", 20}});
    constexpr std::size_t quarter = 2500;
    visit(quarter);
    const auto early = resident_kib(front->process().pid());
    for (int round = 0; round < 3 && !HasFailure(); ++round) {
        visit(quarter);
    }
    const auto late = resident_kib(front->process().pid());
    std::cout << "RSS " << early << " KiB after the first quarter, " << late << " KiB at the end, "
              << shim.counter("signs") << " signatures begun\n";
    if (!sanitized) {  // those keep freed memory back on purpose
        // Each of the 7500 between, if kept, would cost 10 KiB, with its paused job 45 KiB. How
        // many wait at once, and so how much is ever in use, differs by some MiB.
        EXPECT_LT(late, early + 10'000);
    }
    EXPECT_LT(shim.counter("signs"), visits) << "clients that had left were signed for";
    shim.set({});
    EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
}

TEST_F(HangUp, FromAStalledTokenIsNoticed) {
    config.hsm.extra = "sign_timeout: 60s";
    config.http.extra = "timeouts: { handshake: 60s }";
    begin();
    shim.set({{"stall", 1}});
    visit(64);  // far sooner than the time limits end them
    shim.set({});
    EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
}

}  // namespace
}  // namespace hsmfront::test
