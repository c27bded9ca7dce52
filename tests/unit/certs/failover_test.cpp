// Several tokens with the same keys: who signs while one is away, stalled or wrong.
#include "certs/token.hpp"
#include "tests/unit/certs/token_fixture.hpp"

#include <gmock/gmock.h>
#include <openssl/ec.h>
#include <p11-kit/pkcs11.h>

#include <filesystem>
#include <vector>

namespace hsmfront::certs {
namespace {

using State = TokenStatus::State;

/// The key `both` in token_ and in a second token.
class Failover : public ShimmedToken {
  protected:
    Failover() {
        token_.add_token("second");
        token_.import_key(key_.get(), "both", token_.label());
        token_.import_key(key_.get(), "both", "second");
    }

    [[nodiscard]] config::Hsm two(std::size_t signers = 2) const {
        config::Hsm hsm = settings(signers);
        hsm.failover.push_back({"second", {}, {}});
        return hsm;
    }

    [[nodiscard]] Pins both_pins(const std::string& second = "123456") const {
        Pins both = pins(Secret(token_.pin()));
        both.emplace_back(second);
        return both;
    }

    [[nodiscard]] std::shared_ptr<Hsm> open_two(const config::Hsm& settings) const {
        auto opened = Hsm::open(settings, both_pins());
        if (!opened) {
            ADD_FAILURE() << opened.error().message;
            throw std::runtime_error("no HSM");
        }
        return *opened;
    }

    [[nodiscard]] static long slot_of(const std::string& label) {
        const auto module = Module::load(test::ShimControl::module());
        return static_cast<long>(find_token(**module, label)->slot);
    }

    /// One token fails all it is asked.
    void lose(const std::string& label) const {
        const long slot = slot_of(label);
        shim_.set({
            {"fail_sign", CKR_DEVICE_ERROR},
            {"open_rv", CKR_DEVICE_ERROR},
            {"only_slot", slot},
        });
    }

    [[nodiscard]] static TokenStatus at(const Hsm& hsm, std::size_t place) {
        return hsm.status().tokens.at(place);
    }

    EvpPkeyPtr key_{EVP_EC_gen("P-256")};
};

TEST_F(Failover, FirstTokenMakesAllWhileItIsUp) {
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "both");
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(sign_now(*key));
    }
    EXPECT_EQ(at(*hsm, 0).signatures, 10U);
    EXPECT_EQ(at(*hsm, 1).signatures, 0U);
    EXPECT_EQ(at(*hsm, 1).state, State::up);
    EXPECT_EQ(at(*hsm, 1).label, "second");
}

TEST_F(Failover, FailedSignatureIsMadeByTheNextAndTheFirstUsedAgainWhenBack) {
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "both");
    lose("hsmfront");
    for (int i = 0; i < 10; ++i) {
        const auto signature = sign_now(*key);
        ASSERT_TRUE(signature) << signature.error().message();
        EXPECT_TRUE(key->available());
    }
    EXPECT_EQ(at(*hsm, 0).state, State::recovering);
    EXPECT_EQ(at(*hsm, 0).signatures, 0U);
    EXPECT_EQ(at(*hsm, 0).failures, 0U) << "nobody's handshake failed";
    EXPECT_EQ(at(*hsm, 1).signatures, 10U);
    shim_.set({});
    ASSERT_TRUE(within(2s, [&] { return at(*hsm, 0).state == State::up; }));
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(at(*hsm, 0).signatures, 1U);
}

TEST_F(Failover, WhatWaitsInTheQueueOfALostTokenGoesToTheNext) {
    const auto hsm = open_two(two(1));
    const auto key = key_of(*hsm, "both");
    const long slot = slot_of("hsmfront");
    shim_.set({{"delay_ms", 300}, {"fail_sign", CKR_DEVICE_ERROR}, {"only_slot", slot}});
    std::vector<std::shared_ptr<WaitingJob>> jobs;
    for (int i = 0; i < 20; ++i) {
        jobs.push_back(make_job(5s));
        ASSERT_TRUE(key->submit(jobs.back()));
    }
    EXPECT_GE(at(*hsm, 0).queued, 1U);
    for (const auto& job : jobs) {
        ASSERT_TRUE(job->wait(4s));
        EXPECT_TRUE(job->result()) << job->result().error().message();
    }
    EXPECT_EQ(at(*hsm, 1).signatures, 20U);
}

TEST_F(Failover, StalledTokenIsPassedByWithinTheDeadline) {
    auto quick = two(2);
    quick.sign_timeout = 1s;
    const auto hsm = open_two(quick);
    const auto key = key_of(*hsm, "both");
    shim_.set({{"stall", 1}, {"only_slot", slot_of("hsmfront")}});
    for (int i = 0; i < 4; ++i) {
        std::vector<std::shared_ptr<WaitingJob>> jobs;
        for (int j = 0; j < 4; ++j) {
            jobs.push_back(make_job(1s));
            ASSERT_TRUE(key->submit(jobs.back()));
        }
        for (const auto& job : jobs) {
            ASSERT_TRUE(job->wait(2s));
            EXPECT_TRUE(job->result()) << job->result().error().message();
            EXPECT_EQ(job->calls(), 1);
        }
    }
    EXPECT_EQ(at(*hsm, 0).failures, 0U);
    EXPECT_TRUE(within(5s, [&] { return at(*hsm, 0).state == State::recovering; }));
    EXPECT_TRUE(sign_now(*key));
    shim_.set({});
    EXPECT_TRUE(within(5s, [&] { return at(*hsm, 0).state == State::up; }));
}

TEST_F(Failover, TokenAwayAtTheStartJoinsWithItsKeys) {
    lose("second");
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "both");
    EXPECT_EQ(at(*hsm, 1).state, State::recovering);
    EXPECT_FALSE(at(*hsm, 1).reason.empty());
    shim_.set({});
    ASSERT_TRUE(within(2s, [&] { return at(*hsm, 1).state == State::up; }));
    lose("hsmfront");
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(at(*hsm, 1).signatures, 1U);
}

TEST_F(Failover, OpensWithTheFirstTokenAway) {
    lose("hsmfront");
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "both");
    EXPECT_TRUE(key->available());
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(at(*hsm, 0).state, State::recovering);
    shim_.set({});
    ASSERT_TRUE(within(2s, [&] { return at(*hsm, 0).state == State::up; }));
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(at(*hsm, 0).signatures, 1U);
}

TEST_F(Failover, BothAwayCannotBeOpened) {
    shim_.set({{"down", CKR_TOKEN_NOT_PRESENT}});
    EXPECT_EQ(Hsm::open(two(), both_pins()).error().code, Errc::token_unavailable);
    shim_.set({});
    auto unknown = two();
    unknown.token = "unknown";
    unknown.failover.front().token = "elsewhere";
    EXPECT_EQ(Hsm::open(unknown, both_pins()).error().code, Errc::token_not_found);
}

TEST_F(Failover, AnotherKeyUnderTheAliasIsNotUsed) {
    const EvpPkeyPtr other(EVP_EC_gen("P-256"));
    token_.import_key(key_.get(), "odd", token_.label());
    token_.import_key(other.get(), "odd", "second");
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "odd");
    lose("hsmfront");
    EXPECT_EQ(sign_now(*key).error(), Errc::token_unavailable);
    EXPECT_FALSE(key->available());
    EXPECT_EQ(at(*hsm, 1).signatures, 0U);
}

TEST_F(Failover, AliasInOneTokenOnlyIsServedByThat) {
    token_.import_key(key_.get(), "there", "second");
    const auto hsm = open_two(two());
    const auto front = key_of(*hsm, "front");
    const auto there = key_of(*hsm, "there");
    EXPECT_TRUE(sign_now(*front));
    EXPECT_TRUE(sign_now(*there));
    EXPECT_EQ(at(*hsm, 0).signatures, 1U);
    EXPECT_EQ(at(*hsm, 1).signatures, 1U);
    EXPECT_EQ(hsm->find_key("nowhere", nullptr).error().code, Errc::key_not_found);
}

TEST_F(Failover, FullQueueGoesToTheNext) {
    auto narrow = two(1);
    narrow.queue_limit = 1;
    const auto hsm = open_two(narrow);
    const auto key = key_of(*hsm, "both");
    shim_.set({{"stall", 1}, {"only_slot", slot_of("hsmfront")}});
    std::vector<std::shared_ptr<WaitingJob>> first{make_job(20s), make_job(20s)};
    ASSERT_TRUE(key->submit(first[0]));
    ASSERT_TRUE(within(5s, [&] { return shim_.counter("signing_now") == 1; }));
    ASSERT_TRUE(key->submit(first[1]));
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(at(*hsm, 1).signatures, 1U);
    EXPECT_EQ(at(*hsm, 0).refused, 0U);
    shim_.set({});
    for (const auto& job : first) {
        ASSERT_TRUE(job->wait());
        EXPECT_TRUE(job->result());
    }
}

TEST_F(Failover, BadRequestIsNotTriedElsewhere) {
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "both");
    shim_.set({{"fail_sign", CKR_DATA_INVALID}, {"only_slot", slot_of("hsmfront")}});
    EXPECT_EQ(sign_now(*key).error(), Errc::signature_failed);
    EXPECT_EQ(at(*hsm, 1).signatures, 0U);
}

TEST_F(Failover, RenewalLoadsTheSharedModuleAfresh) {
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "both");
    const auto renewed = hsm->renew(both_pins());
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_EQ(at(*hsm, 0).generation, 2U);
    EXPECT_EQ(at(*hsm, 1).generation, 2U);
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1);
    EXPECT_TRUE(sign_now(*key));
    lose("hsmfront");
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Failover, WrongPinOfOneTokenPutsBothBack) {
    const auto hsm = open_two(two());
    const auto key = key_of(*hsm, "both");
    EXPECT_EQ(hsm->renew(both_pins("000000")).error().code, Errc::pin_incorrect);
    EXPECT_EQ(at(*hsm, 0).state, State::up);
    EXPECT_EQ(at(*hsm, 1).state, State::up);
    EXPECT_TRUE(sign_now(*key));
    EXPECT_TRUE(hsm->renew(both_pins()));
}

TEST_F(Failover, TokenWithARefusedPinIsNotInTheWayOfARenewal) {
    auto opened = Hsm::open(two(), both_pins("000000"));
    ASSERT_TRUE(opened) << opened.error().message;
    const auto& hsm = *opened;
    const auto key = key_of(*hsm, "both");
    EXPECT_EQ(at(*hsm, 1).state, State::refused_pin);
    const auto logins = shim_.counter("logins");
    EXPECT_TRUE(hsm->renew(both_pins("000000")));
    EXPECT_EQ(shim_.counter("logins"), logins + 1) << "the first token's";
    EXPECT_EQ(at(*hsm, 0).state, State::up);
    EXPECT_EQ(at(*hsm, 1).state, State::refused_pin);
    EXPECT_TRUE(hsm->renew(both_pins()));
    EXPECT_EQ(at(*hsm, 1).state, State::up);
}

TEST_F(Failover, LossOfOneAsksAfterTheOtherInItsModule) {
    const auto hsm = open_two(two());
    const auto front = key_of(*hsm, "front");
    const auto both = key_of(*hsm, "both");
    shim_.set({{"down", CKR_DEVICE_ERROR}});
    EXPECT_FALSE(sign_now(*front)) << "only the first token has it";
    // The second is known to nobody's signature, and its own test would not be due for a while.
    EXPECT_TRUE(within(3s, [&] { return at(*hsm, 1).state == State::recovering; }));
    shim_.set({});
    EXPECT_TRUE(within(2s, [&] {
        return at(*hsm, 0).state == State::up && at(*hsm, 1).state == State::up;
    }));
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1);
    EXPECT_TRUE(sign_now(*both));
}

TEST_F(Failover, TokenThatHangsOnItsWayBackIsNotInTheWayOfARenewal) {
    auto quick = two();
    quick.sign_timeout = 300ms;
    const auto hsm = open_two(quick);
    const auto key = key_of(*hsm, "both");
    const long slot = slot_of("second");
    shim_.set({{"down", CKR_DEVICE_ERROR}});
    EXPECT_FALSE(sign_now(*key));
    ASSERT_TRUE(within(3s, [&] { return at(*hsm, 1).state == State::recovering; }));
    // The test signature of its recovery does not return.
    shim_.set({{"stall", 1}, {"only_slot", slot}});
    ASSERT_TRUE(within(3s, [&] {
        return at(*hsm, 0).state == State::up && shim_.counter("signing_now") == 1;
    }));
    const auto renewed = hsm->renew(both_pins());
    EXPECT_TRUE(renewed) << renewed.error().message;
    EXPECT_EQ(at(*hsm, 1).state, State::recovering);
    EXPECT_TRUE(sign_now(*key));
    shim_.set({});
    EXPECT_TRUE(within(3s, [&] { return at(*hsm, 1).state == State::up; }));
    EXPECT_TRUE(hsm->renew(both_pins()));
}

/// A copy of the library is a module of its own, as another maker's would be.
TEST_F(Failover, TokenInAnotherModuleServesWhileTheFirstIsReloaded) {
    const test::TempDir place;
    auto wanted = two();
    wanted.failover.front().module = place / "other.so";
    std::filesystem::copy_file(test::SoftHsmToken::module, wanted.failover.front().module);
    const auto hsm = open_two(wanted);
    const auto key = key_of(*hsm, "both");
    for (int round = 1; round <= 3; ++round) {
        shim_.set({{"down", CKR_TOKEN_NOT_PRESENT}});
        for (int i = 0; i < 5; ++i) {
            EXPECT_TRUE(sign_now(*key));
        }
        EXPECT_EQ(at(*hsm, 0).state, State::recovering);
        shim_.set({});
        ASSERT_TRUE(within(2s, [&] { return at(*hsm, 0).state == State::up; }));
        EXPECT_TRUE(sign_now(*key));
    }
    EXPECT_EQ(at(*hsm, 1).generation, 1U);
    EXPECT_EQ(at(*hsm, 1).signatures, 15U);
    EXPECT_TRUE(hsm->renew(both_pins()));
    EXPECT_TRUE(sign_now(*key));
}

}  // namespace
}  // namespace hsmfront::certs
