// Ids of sessions: over restarts, and as numbers in JSON.
#include "proxy/runtime/worker.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace hsmfront::runtime {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr sys_days epoch{std::chrono::year(2024) / 1 / 1};

TEST(SessionIds, GrowByAHundredThousandASecond) {
    EXPECT_EQ(ids_before(epoch), 0U);
    EXPECT_EQ(ids_before(epoch + 10s + 999ms), 1'000'000U);
    EXPECT_EQ(ids_before(epoch + 11s), 1'100'000U);
}

TEST(SessionIds, AreCountedUnderAClockThatWasNeverSet) { EXPECT_EQ(ids_before({}), 0U); }

TEST(SessionIds, AreNumbersInJsonForCenturies) {
    EXPECT_LT(ids_before(sys_days{std::chrono::year(2200) / 1 / 1}), std::uint64_t{1} << 53U);
}

}  // namespace
}  // namespace hsmfront::runtime
