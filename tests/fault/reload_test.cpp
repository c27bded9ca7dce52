// Reloads under load: nobody notices, nothing is left behind; new certificates, keys and PINs are
// picked up, and what fails changes nothing.
#include "tests/fault/process_counts.hpp"
#include "tests/fault/secrets.hpp"
#include "tests/fault/shim_stage.hpp"
#include "tests/fault/steady_clients.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <iostream>

namespace hsmfront::test {
namespace {

class Reload : public ShimStage {
  protected:
    /// Lines of the log that tell of a reload so far.
    [[nodiscard]] std::size_t reloads(const std::string& text) const {
        const std::string log = front->log();
        std::size_t count = 0;
        for (std::size_t at = 0; (at = log.find(text, at)) != std::string::npos; ++at) {
            ++count;
        }
        return count;
    }

    /// SIGHUP; waits until the log says that it ended as `text` says.
    [[nodiscard]] bool reload(const std::string& text = " reloaded:") {
        const auto before = reloads(text);
        front->process().signal(SIGHUP);
        return eventually([&] { return reloads(text) > before; });
    }
};

class ManyReloads : public Reload, public ::testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(Short, ManyReloads, ::testing::Values(40));
INSTANTIATE_TEST_SUITE_P(LongFault, ManyReloads, ::testing::Values(1000));

TEST_P(ManyReloads, UnderLoadGoUnnoticedAndLeaveNothingBehind) {
    start();
    ASSERT_TRUE(reload());
    const auto process = front->process().pid();
    const auto before = counts_of(process);
    SteadyClients clients({config.ftp.explicit_port, config.http.port}, vsftpd.root(), scratch());
    std::size_t early = 0;
    for (int round = 0; round < GetParam(); ++round) {
        ASSERT_TRUE(reload()) << "reload " << round;
        early = round == GetParam() / 4 ? resident_kib(process) : early;
    }
    const auto late = resident_kib(process);
    auto seen = clients.finish();
    EXPECT_EQ(seen["refused"], 0) << "handshakes that a reload cost";
    EXPECT_GT(seen["handshakes"], GetParam());
    ProcessCounts after;
    EXPECT_TRUE(eventually([&] {
        after = counts_of(process);
        return after.files == before.files && after.threads == before.threads;
    })) << "before: "
        << to_string(before) << ", after: " << to_string(after);
    std::cout << GetParam() << " reloads; RSS " << early << " KiB after a quarter, " << late
              << " KiB at the end; " << seen["handshakes"] << " handshakes, " << seen["requests"]
              << " requests, " << seen["uploaded"] << " bytes uploaded\n";
    if (!sanitized) {
        EXPECT_LT(late, early + 6000);
    }
}

}  // namespace
}  // namespace hsmfront::test
