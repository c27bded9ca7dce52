// BackendHealth with a clock that the test moves.
#include "proxy/http/backend_health.hpp"

#include <gtest/gtest.h>

namespace hsmfront::http::test {
namespace {

using namespace std::chrono_literals;

class HttpBackendHealth : public testing::Test {
  protected:
    HttpBackendHealth() {
        settings.rise = 2;
        settings.fall = 3;
        settings.pause = 10s;
    }

    void fail(std::size_t times) {
        for (std::size_t i = 0; i < times; ++i) {
            health.request_failed(settings, now, "refused");
        }
    }

    config::HttpHealth settings;
    net::Clock::time_point now{1h};
    BackendHealth health{"192.0.2.1:80"};
};

TEST_F(HttpBackendHealth, FailuresInARowTakeItOut) {
    fail(2);
    EXPECT_TRUE(health.up());
    health.request_succeeded(now);
    fail(2);
    EXPECT_TRUE(health.up());
    fail(1);
    EXPECT_FALSE(health.up());
}

TEST_F(HttpBackendHealth, OneRequestTriesItAfterThePause) {
    fail(3);
    now += 9s;
    EXPECT_FALSE(health.trial_due(settings, now));
    now += 1s;
    EXPECT_TRUE(health.trial_due(settings, now));
    EXPECT_TRUE(health.begin_trial(settings, now));
    EXPECT_FALSE(health.trial_due(settings, now));
    EXPECT_FALSE(health.begin_trial(settings, now));
    health.request_succeeded(now);
    EXPECT_TRUE(health.up());
}

TEST_F(HttpBackendHealth, FailedTrialBeginsThePauseAnew) {
    fail(3);
    now += 10s;
    EXPECT_TRUE(health.begin_trial(settings, now));
    fail(1);
    EXPECT_FALSE(health.up());
    now += 9s;
    EXPECT_FALSE(health.trial_due(settings, now));
    now += 1s;
    EXPECT_TRUE(health.trial_due(settings, now));
}

TEST_F(HttpBackendHealth, AbandonedTrialLeavesItToAnother) {
    fail(3);
    now += 10s;
    EXPECT_TRUE(health.begin_trial(settings, now));
    health.abandon_trial();
    EXPECT_FALSE(health.up());
    EXPECT_TRUE(health.begin_trial(settings, now));
}

TEST_F(HttpBackendHealth, ChecksAloneBringItBackWhileTheyRun) {
    health.begin_checks();
    fail(3);
    now += 1h;
    EXPECT_FALSE(health.trial_due(settings, now));
    health.request_succeeded(now);  // of a connection from before
    EXPECT_FALSE(health.up());
    health.check_passed(settings, now);
    EXPECT_FALSE(health.up());
    health.check_failed(settings, now, "status 500");
    health.check_passed(settings, now);
    EXPECT_FALSE(health.up());
    health.check_passed(settings, now);
    EXPECT_TRUE(health.up());
    health.end_checks();
}

TEST_F(HttpBackendHealth, ChecksThatEndLeaveItToRequests) {
    health.begin_checks();
    fail(3);
    health.end_checks();
    now += 10s;
    EXPECT_TRUE(health.trial_due(settings, now));
}

TEST_F(HttpBackendHealth, FirstCheckDecidesAloneLaterOnesInARow) {
    BackendHealth fresh("192.0.2.2:80");
    fresh.check_failed(settings, now, "refused");
    EXPECT_FALSE(fresh.up());

    health.check_passed(settings, now);
    health.check_failed(settings, now, "refused");
    health.check_failed(settings, now, "refused");
    health.check_passed(settings, now);
    health.check_failed(settings, now, "refused");
    health.check_failed(settings, now, "refused");
    EXPECT_TRUE(health.up());
    health.check_failed(settings, now, "refused");
    EXPECT_FALSE(health.up());
}

TEST_F(HttpBackendHealth, ShareRisesLinearlyAfterAReturnOnly) {
    settings.slow_start = 10s;
    EXPECT_EQ(health.share(settings, now), 1);
    fail(3);
    now += 10s;
    ASSERT_TRUE(health.begin_trial(settings, now));
    health.request_succeeded(now);
    EXPECT_DOUBLE_EQ(health.share(settings, now), 0.01);
    EXPECT_DOUBLE_EQ(health.share(settings, now + 5s), 0.5);
    EXPECT_DOUBLE_EQ(health.share(settings, now + 10s), 1);
    EXPECT_DOUBLE_EQ(health.share(settings, now + 1h), 1);
}

}  // namespace
}  // namespace hsmfront::http::test
