// Losing the token and getting it back, without a restart.
#include "tests/unit/certs/token_fixture.hpp"

#include <p11-kit/pkcs11.h>

#include <atomic>
#include <thread>
#include <vector>

namespace hsmfront::certs {
namespace {

class Recovery : public ShimmedToken {
  protected:
    [[nodiscard]] static bool up(const Hsm& hsm) {
        return status(hsm).state == TokenStatus::State::up;
    }
};

TEST_F(Recovery, DroppedSessionsAreMendedWithoutAFailure) {
    const auto hsm = open(settings(4));
    const auto key = key_of(*hsm);
    for (long round = 1; round <= 5; ++round) {
        ASSERT_TRUE(sign_now(*key));
        shim_.set({{"drop", round}});
        for (int i = 0; i < 8; ++i) {
            const auto signature = sign_now(*key);
            ASSERT_TRUE(signature) << signature.error().message() << " in round " << round;
        }
    }
    EXPECT_EQ(status(*hsm).generation, 1U);
    EXPECT_EQ(status(*hsm).failures, 0U);
}

TEST_F(Recovery, DroppedSessionsUnderLoadCostOneLogin) {
    const auto hsm = open(settings(4));
    const auto key = key_of(*hsm);
    shim_.set({{"delay_ms", 2}});
    std::atomic<bool> enough = false;
    std::atomic<int> failed = 0;
    std::vector<std::thread> askers;
    for (int asker = 0; asker < 4; ++asker) {
        askers.emplace_back([&] {
            while (!enough) {
                failed += sign_now(*key) ? 0 : 1;
            }
        });
    }
    const auto logins = shim_.counter("logins");
    ASSERT_TRUE(within(5s, [&] { return status(*hsm).signatures > 50; }));
    shim_.set({{"delay_ms", 2}, {"drop", 1}});
    const auto signatures = status(*hsm).signatures;
    ASSERT_TRUE(within(5s, [&] { return status(*hsm).signatures > signatures + 50; }));
    enough = true;
    for (auto& asker : askers) {
        asker.join();
    }
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(shim_.counter("logins"), logins + 1);
    EXPECT_EQ(status(*hsm).generation, 1U);
}

TEST_F(Recovery, DeviceErrorOpensTheBreakerAndReloadsTheModule) {
    const auto hsm = open(settings(4));
    const auto key = key_of(*hsm);
    ASSERT_TRUE(sign_now(*key));
    const auto inits = shim_.counter("inits");
    shim_.set({{"down", CKR_TOKEN_NOT_PRESENT}});
    EXPECT_EQ(sign_now(*key).error(), Errc::token_unavailable);
    EXPECT_FALSE(key->available());
    EXPECT_EQ(key->submit(make_job(5s)).error(), Errc::token_unavailable);
    EXPECT_EQ(hsm->find_key("front", nullptr).error().code, Errc::token_unavailable);
    ASSERT_TRUE(within(5s, [&] { return shim_.counter("inits") > inits + 1; }));
    shim_.set({});
    ASSERT_TRUE(within(2s, [&] { return up(*hsm); }));
    EXPECT_TRUE(sign_now(*key));
    EXPECT_TRUE(key->available());
    EXPECT_EQ(status(*hsm).generation, 2U);
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1);
}

TEST_F(Recovery, LossUnderLoadFailsFastAndComesBack) {
    const auto hsm = open(settings(4));
    const auto key = key_of(*hsm);
    shim_.set({{"delay_ms", 1}, {"jitter_ms", 3}});
    std::atomic<bool> enough = false;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> askers;
    for (int asker = 0; asker < 4; ++asker) {
        askers.emplace_back([&] {
            while (!enough) {
                const auto signature = sign_now(*key);
                if (!signature) {
                    wrong += signature.error() == Errc::token_unavailable ? 0 : 1;
                    std::this_thread::sleep_for(1ms);
                }
            }
        });
    }
    ASSERT_TRUE(within(5s, [&] { return status(*hsm).signatures > 20; }));
    shim_.set({{"down", CKR_DEVICE_ERROR}});
    EXPECT_TRUE(within(2s, [&] { return !up(*hsm); }));
    shim_.set({{"delay_ms", 1}, {"jitter_ms", 3}});
    EXPECT_TRUE(within(2s, [&] { return up(*hsm); }));
    const auto signatures = status(*hsm).signatures;
    EXPECT_TRUE(within(5s, [&] { return status(*hsm).signatures > signatures + 50; }));
    enough = true;
    for (auto& asker : askers) {
        asker.join();
    }
    EXPECT_EQ(wrong, 0);
}

TEST_F(Recovery, QueuedJobsFailAtOnceWhenTheTokenIsLost) {
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm);
    shim_.set({{"delay_ms", 100}, {"fail_sign", CKR_DEVICE_ERROR}});
    std::vector<std::shared_ptr<WaitingJob>> jobs;
    for (int i = 0; i < 5; ++i) {
        jobs.push_back(make_job(20s));
        ASSERT_TRUE(key->submit(jobs.back()));
    }
    for (const auto& job : jobs) {
        ASSERT_TRUE(job->wait(2s));
        EXPECT_EQ(job->result().error(), Errc::token_unavailable);
    }
}

TEST_F(Recovery, OneBadSignatureIsNobodyElsesFailure) {
    const auto hsm = open(settings(2));
    const auto key = key_of(*hsm);
    shim_.set({{"fail_sign", CKR_DATA_INVALID}, {"fail_first", 1}});
    EXPECT_EQ(sign_now(*key).error(), Errc::signature_failed);
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(status(*hsm).generation, 1U);
    EXPECT_EQ(status(*hsm).failures, 1U);
}

TEST_F(Recovery, StaleHandleIsFoundAgain) {
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm);
    shim_.set({{"fail_sign", CKR_KEY_HANDLE_INVALID}, {"fail_first", 1}});
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(status(*hsm).generation, 1U);
}

TEST_F(Recovery, FailedRetryCountsAsALostToken) {
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm);
    shim_.set({{"fail_sign", CKR_SESSION_HANDLE_INVALID}, {"fail_first", 2}});
    EXPECT_EQ(sign_now(*key).error(), Errc::token_unavailable);
    ASSERT_TRUE(within(2s, [&] { return status(*hsm).generation == 2; }));
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Recovery, PinRefusedAtANewLoginIsNotSentAgain) {
    const auto hsm = open(settings(2));
    const auto key = key_of(*hsm);
    const auto logins = shim_.counter("logins");
    shim_.set({{"drop", 1}, {"login_rv", CKR_PIN_INCORRECT}});
    EXPECT_EQ(sign_now(*key).error(), Errc::token_unavailable);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::refused_pin);
    shim_.set({});
    EXPECT_EQ(key->submit(make_job(5s)).error(), Errc::token_unavailable);
    // Long enough for two rounds of back-off, had it been trying.
    EXPECT_FALSE(within(200ms, [&] { return shim_.counter("logins") != logins + 1; }));
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::refused_pin);
}

TEST_F(Recovery, PinRefusedAfterAReloadIsNotSentAgain) {
    const auto hsm = open(settings(2));
    const auto key = key_of(*hsm);
    const auto logins = shim_.counter("logins");
    shim_.set({{"fail_sign", CKR_DEVICE_ERROR}, {"login_rv", CKR_PIN_INCORRECT}});
    EXPECT_EQ(sign_now(*key).error(), Errc::token_unavailable);
    ASSERT_TRUE(within(2s, [&] { return status(*hsm).state == TokenStatus::State::refused_pin; }));
    EXPECT_EQ(shim_.counter("logins"), logins + 1);
}

TEST_F(Recovery, AllSignersStuckOpenTheBreakerAndReturningCallsCloseIt) {
    auto quick = settings(2);
    quick.sign_timeout = 100ms;
    const auto hsm = open(quick);
    const auto key = key_of(*hsm);
    shim_.set({{"stall", 1}});
    ASSERT_TRUE(within(5s, [&] {
        (void)key->submit(make_job(100ms));
        return !up(*hsm);
    }));
    EXPECT_EQ(key->submit(make_job(100ms)).error(), Errc::token_unavailable);
    EXPECT_TRUE(within(5s, [&] { return status(*hsm).wedged >= 2; }));
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1);
    shim_.set({});
    ASSERT_TRUE(within(5s, [&] { return up(*hsm) && status(*hsm).wedged == 0; }));
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Recovery, KeyThatVanishedIsReportedAndTheOthersServe) {
    token_.generate(test::TokenKeyKind::ec_p256, "second");
    const auto hsm = open(settings(2));
    const auto front = key_of(*hsm);
    const auto second = key_of(*hsm, "second");
    shim_.set({{"fail_sign", CKR_DEVICE_ERROR}, {"fail_first", 1}});
    token_.erase("second");
    EXPECT_FALSE(sign_now(*front));
    ASSERT_TRUE(within(2s, [&] { return up(*hsm); }));
    EXPECT_TRUE(sign_now(*front));
    EXPECT_EQ(sign_now(*second).error(), Errc::key_not_found);
    EXPECT_EQ(status(*hsm).generation, 2U);
}

}  // namespace
}  // namespace hsmfront::certs
