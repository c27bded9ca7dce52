#include "proxy/net/period_log.hpp"

#include <gtest/gtest.h>

namespace hsmfront::net {
namespace {

using namespace std::chrono_literals;

TEST(PeriodLog, TellsTheFirstAtOnceAndTheRestTogether) {
    PeriodLog log;
    const auto start = Clock::now();
    EXPECT_EQ(log.note(start), 1U);
    EXPECT_EQ(log.note(start + 1s), 0U);
    EXPECT_EQ(log.note(start + 59s), 0U);
    EXPECT_EQ(log.note(start + 60s), 3U);
    EXPECT_EQ(log.note(start + 61s), 0U);
    EXPECT_EQ(log.note(start + 1h), 2U);
}

}  // namespace
}  // namespace hsmfront::net
