// LatencyHistory: means of intervals, gaps where nothing was signed.
#include "proxy/admin/latency_history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

certs::HsmStatus signed_so_far(std::uint64_t count, double seconds) {
    certs::HsmStatus hsm;
    hsm.tokens.emplace_back().label = "a";
    certs::KeyStatus& key = hsm.keys.emplace_back();
    key.token = "a";
    key.latency.counts[0] = count;
    key.latency.sum = seconds;
    return hsm;
}

TEST(LatencyHistory, HasTheMeanOfEachInterval) {
    LatencyHistory history;
    history.sample(signed_so_far(0, 0));
    history.sample(signed_so_far(2, 0.5));
    history.sample(signed_so_far(2, 0.5));
    history.sample(signed_so_far(3, 0.75));
    EXPECT_THAT(
        history.of("a"), ElementsAre(std::nullopt, Optional(250.0), std::nullopt, Optional(250.0))
    );
    EXPECT_TRUE(history.of("b").empty());
}

TEST(LatencyHistory, ForgetsWhatIsOld) {
    LatencyHistory history;
    for (std::size_t i = 1; i <= LatencyHistory::length + 5; ++i) {
        history.sample(signed_so_far(i, 0.001 * static_cast<double>(i)));
    }
    EXPECT_EQ(history.of("a").size(), LatencyHistory::length);
}

TEST(LatencyHistory, CountsThatBeginAgainAreNoLatency) {
    LatencyHistory history;
    history.sample(signed_so_far(10, 1));
    history.sample(signed_so_far(1, 0.1));
    EXPECT_EQ(history.of("a").back(), std::nullopt);
}

}  // namespace
}  // namespace hsmfront::admin
