// Tokens lost while nobody signs, and what is counted.
#include "certs/token_hsm.hpp"
#include "tests/unit/certs/token_fixture.hpp"

#include <p11-kit/pkcs11.h>

namespace hsmfront::certs {
namespace {

using State = TokenStatus::State;

class Idle : public ShimmedToken {
  protected:
    [[nodiscard]] std::shared_ptr<Hsm> open_watched(const config::Hsm& hsm) const {
        auto opened = TokenHsm::open(hsm, pins(Secret(token_.pin())), 50ms);
        if (!opened) {
            ADD_FAILURE() << opened.error().message;
            throw std::runtime_error("no HSM");
        }
        return *opened;
    }
};

TEST_F(Idle, TestSignaturesKeepTheLastOneYoungAndAreNotCounted) {
    const auto hsm = open_watched(settings(1));
    const auto key = key_of(*hsm);
    const auto first = status(*hsm).last_signature;
    const auto signs = shim_.counter("signs");
    ASSERT_TRUE(within(10s, [&] { return shim_.counter("signs") >= signs + 3; }));
    EXPECT_GT(status(*hsm).last_signature, first);
    EXPECT_TRUE(hsm->status().proven_within(5s));
    EXPECT_EQ(status(*hsm).signatures, 0U);
    EXPECT_EQ(status(*hsm).wait.total(), 0U);
    EXPECT_EQ(hsm->status().keys.at(0).signatures, 0U);
}

TEST_F(Idle, LossIsNoticedAndMendedWithoutAClient) {
    const auto hsm = open_watched(settings(2));
    const auto key = key_of(*hsm);
    shim_.set({{"down", CKR_DEVICE_ERROR}});
    ASSERT_TRUE(within(5s, [&] { return status(*hsm).state == State::recovering; }));
    EXPECT_FALSE(hsm->status().proven_within(1h));
    EXPECT_EQ(status(*hsm).failures, 0U);
    shim_.set({});
    ASSERT_TRUE(within(2s, [&] { return status(*hsm).state == State::up; }));
    EXPECT_TRUE(hsm->status().proven_within(5s));
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Idle, StallIsNoticedWithoutAClient) {
    auto quick = settings(4);
    quick.sign_timeout = 100ms;
    const auto hsm = open_watched(quick);
    const auto key = key_of(*hsm);
    shim_.set({{"stall", 1}});
    ASSERT_TRUE(within(5s, [&] { return status(*hsm).state == State::recovering; }));
    shim_.set({});
    EXPECT_TRUE(within(5s, [&] { return status(*hsm).state == State::up; }));
    EXPECT_EQ(status(*hsm).failures, 0U);
}

class Counts : public ShimmedToken {};

TEST_F(Counts, SignaturesAndTimesByAlias) {
    token_.generate(test::TokenKeyKind::rsa_2048, "second");
    const auto hsm = open(settings(1));
    const auto front = key_of(*hsm);
    const auto second = key_of(*hsm, "second");
    shim_.set({{"delay_ms", 30}});
    std::vector<std::shared_ptr<WaitingJob>> jobs;
    for (int i = 0; i < 3; ++i) {
        jobs.push_back(make_job(20s));
        ASSERT_TRUE(front->submit(jobs.back()));
    }
    for (const auto& job : jobs) {
        ASSERT_TRUE(job->wait());
    }
    const auto all = hsm->status();
    ASSERT_EQ(all.keys.size(), 2U);
    EXPECT_EQ(all.keys[0].alias, "front");
    EXPECT_EQ(all.keys[0].token, "hsmfront");
    EXPECT_EQ(all.keys[0].type, KeyType::ec);
    EXPECT_EQ(all.keys[0].signatures, 3U);
    EXPECT_EQ(all.keys[0].latency.total(), 3U);
    EXPECT_GE(all.keys[0].latency.sum, 0.09);
    EXPECT_LT(all.keys[0].latency.sum, 5.0);
    EXPECT_EQ(all.keys[1].alias, "second");
    EXPECT_EQ(all.keys[1].type, KeyType::rsa);
    EXPECT_EQ(all.keys[1].signatures, 0U);
    EXPECT_EQ(all.tokens[0].wait.total(), 3U);
    EXPECT_GE(all.tokens[0].wait.sum, 0.06) << "one signer: the third waited for the others";
}

TEST_F(Counts, FailuresByClass) {
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm);
    const auto errors = [&hsm](const std::string& kind) {
        return hsm->status().keys.at(0).errors.at(kind);
    };
    shim_.set({{"fail_sign", CKR_DATA_INVALID}, {"fail_first", 1}});
    EXPECT_FALSE(sign_now(*key));
    EXPECT_EQ(errors("request"), 1U);
    shim_.set({{"fail_sign", CKR_SESSION_CLOSED}, {"fail_first", 1}});
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(errors("session"), 1U) << "also one that was mended";
    shim_.set({{"fail_sign", CKR_KEY_HANDLE_INVALID}, {"fail_first", 1}});
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(errors("login"), 1U);
    shim_.set({{"delay_ms", 300}});
    const auto running = make_job(5s);
    const auto late = make_job(50ms);
    ASSERT_TRUE(key->submit(running));
    ASSERT_TRUE(key->submit(late));
    ASSERT_TRUE(late->wait());
    EXPECT_EQ(errors("deadline"), 1U);
    ASSERT_TRUE(running->wait());
    shim_.set({{"fail_sign", CKR_DEVICE_ERROR}, {"fail_first", 1}});
    EXPECT_FALSE(sign_now(*key));
    EXPECT_EQ(errors("generation"), 1U);
    EXPECT_EQ(errors("pin"), 0U);
    EXPECT_EQ(status(*hsm).failures, 3U);
}

TEST_F(Counts, OutliveTheKeyObjects) {
    const auto hsm = open(settings(1));
    EXPECT_TRUE(sign_now(*key_of(*hsm)));
    EXPECT_TRUE(sign_now(*key_of(*hsm)));
    ASSERT_EQ(hsm->status().keys.size(), 1U);
    EXPECT_EQ(hsm->status().keys.at(0).signatures, 2U);
}

}  // namespace
}  // namespace hsmfront::certs
