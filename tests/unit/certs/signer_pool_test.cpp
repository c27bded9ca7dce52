// The pool under load: order, limits, deadlines, cancelling, stopping.
#include "tests/unit/certs/token_fixture.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace hsmfront::certs {
namespace {

class SignerPoolTest : public ShimmedToken {
  protected:
    /// Waits until `count` signatures are inside the token.
    [[nodiscard]] bool in_token(std::uint64_t count) const {
        return within(5s, [&] { return shim_.counter("signing_now") == count; });
    }
};

TEST_F(SignerPoolTest, SignersWorkInParallel) {
    const auto hsm = open(settings(8));
    const auto key = key_of(*hsm);
    shim_.set({{"delay_ms", 50}});
    std::vector<std::shared_ptr<WaitingJob>> jobs;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 32; ++i) {
        jobs.push_back(make_job(20s));
        ASSERT_TRUE(key->submit(jobs.back()));
    }
    for (const auto& job : jobs) {
        ASSERT_TRUE(job->wait());
        EXPECT_TRUE(job->result());
    }
    // 32 × 50 ms one after the other would be 1600 ms; eight at a time, 200 ms.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1000ms);
}

TEST_F(SignerPoolTest, ManyAskersEachGetTheirOwnAnswer) {
    const auto hsm = open(settings(4));
    const auto key = key_of(*hsm);
    std::atomic<int> good = 0;
    std::vector<std::thread> askers;
    for (int asker = 0; asker < 4; ++asker) {
        askers.emplace_back([&key, &good] {
            for (int i = 0; i < 100; ++i) {
                good += sign_now(*key).has_value() ? 1 : 0;
            }
        });
    }
    for (auto& asker : askers) {
        asker.join();
    }
    EXPECT_EQ(good, 400);
    EXPECT_EQ(status(*hsm).signatures, 400U);
}

TEST_F(SignerPoolTest, FullQueueRefusesAtOnce) {
    auto limited = settings(1);
    limited.queue_limit = 2;
    const auto hsm = open(limited);
    const auto key = key_of(*hsm);
    shim_.set({{"stall", 1}});
    std::vector<std::shared_ptr<WaitingJob>> jobs;
    for (int i = 0; i < 3; ++i) {
        jobs.push_back(make_job(20s));
        ASSERT_TRUE(key->submit(jobs.back()));
        ASSERT_TRUE(in_token(1));
    }
    EXPECT_FALSE(key->available());
    EXPECT_EQ(key->submit(make_job(20s)).error(), Errc::queue_full);
    EXPECT_EQ(status(*hsm).refused, 1U);
    EXPECT_EQ(status(*hsm).queued, 2U);
    shim_.set({});
    for (const auto& job : jobs) {
        ASSERT_TRUE(job->wait());
        EXPECT_TRUE(job->result());
    }
    EXPECT_TRUE(key->available());
}

TEST_F(SignerPoolTest, CancelledJobIsNeverAnsweredAndNotSentIfWaiting) {
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm);
    shim_.set({{"stall", 1}});
    const auto running = make_job(20s);
    const auto waiting = make_job(20s);
    const auto last = make_job(20s);
    ASSERT_TRUE(key->submit(running));
    ASSERT_TRUE(in_token(1));
    ASSERT_TRUE(key->submit(waiting));
    ASSERT_TRUE(key->submit(last));
    EXPECT_TRUE(running->cancel());
    EXPECT_TRUE(waiting->cancel());
    const auto signs = shim_.counter("signs");
    shim_.set({});
    ASSERT_TRUE(last->wait());
    EXPECT_TRUE(last->result());
    EXPECT_EQ(shim_.counter("signs"), signs + 1);
    EXPECT_EQ(running->calls(), 0);
    EXPECT_EQ(waiting->calls(), 0);
    EXPECT_EQ(last->calls(), 1);
}

TEST_F(SignerPoolTest, DeadlinePassesForRunningAndWaitingJobs) {
    auto quick = settings(1);
    quick.sign_timeout = 2s;  // the token's own patience is longer than these jobs'
    const auto hsm = open(quick);
    const auto key = key_of(*hsm);
    shim_.set({{"stall", 1}});
    const auto running = make_job(200ms);
    ASSERT_TRUE(key->submit(running));
    ASSERT_TRUE(in_token(1));
    const auto waiting = make_job(100ms);
    ASSERT_TRUE(key->submit(waiting));
    ASSERT_TRUE(waiting->wait(2s));
    ASSERT_TRUE(running->wait(2s));
    EXPECT_EQ(waiting->result().error(), Errc::timed_out);
    EXPECT_EQ(running->result().error(), Errc::timed_out);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::up);
    shim_.set({});
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(running->calls(), 1);
}

TEST_F(SignerPoolTest, StopFailsQueuedJobsAndEndsTheRunningOnes) {
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm);
    shim_.set({{"delay_ms", 200}});
    std::vector<std::shared_ptr<WaitingJob>> jobs;
    for (int i = 0; i < 10; ++i) {
        jobs.push_back(make_job(20s));
        ASSERT_TRUE(key->submit(jobs.back()));
    }
    ASSERT_TRUE(in_token(1));
    hsm->stop();
    int stopped = 0;
    for (const auto& job : jobs) {
        ASSERT_TRUE(job->wait(1s));
        stopped += job->result() ? 0 : 1;
        EXPECT_TRUE(job->result() || job->result().error() == Errc::stopped);
    }
    EXPECT_GE(stopped, 8);
    EXPECT_EQ(status(*hsm).wedged, 0U);
}

TEST_F(SignerPoolTest, StopLeavesAStuckSignerBehindUnfinalised) {
    auto quick = settings(2);
    quick.sign_timeout = 100ms;
    auto hsm = open(quick);
    const auto key = key_of(*hsm);
    shim_.set({{"stall", 1}});
    const auto job = make_job(20s);
    ASSERT_TRUE(key->submit(job));
    ASSERT_TRUE(in_token(1));
    hsm->stop();
    EXPECT_EQ(status(*hsm).wedged, 1U);
    hsm.reset();
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1);
    shim_.set({});
    EXPECT_TRUE(within(5s, [&] { return shim_.counter("finalizes") == shim_.counter("inits"); }));
}

TEST_F(SignerPoolTest, StuckSignerIsWrittenOffAndReplaced) {
    auto quick = settings(2);
    quick.sign_timeout = 100ms;
    const auto hsm = open(quick);
    const auto key = key_of(*hsm);
    shim_.set({{"stall_first", 1}});
    const auto stuck = make_job(100ms);
    ASSERT_TRUE(key->submit(stuck));
    ASSERT_TRUE(stuck->wait(2s));
    EXPECT_EQ(stuck->result().error(), Errc::timed_out);
    ASSERT_TRUE(within(2s, [&] { return status(*hsm).wedged == 1; }));
    EXPECT_EQ(status(*hsm).signers, 2U);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::up);
    EXPECT_TRUE(sign_now(*key));
    shim_.set({});
    EXPECT_TRUE(within(2s, [&] { return status(*hsm).wedged == 0; }));
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1);
}

}  // namespace
}  // namespace hsmfront::certs
