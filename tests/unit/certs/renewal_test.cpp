// Planned new starts: new PIN, new keys, under load, with stuck signers, put back when they fail.
#include "tests/unit/certs/token_fixture.hpp"

#include <gmock/gmock.h>
#include <p11-kit/pkcs11.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>
#include <vector>

namespace hsmfront::certs {
namespace {

using ::testing::HasSubstr;

class Renewal : public ShimmedToken {
  protected:
    [[nodiscard]] Pins right_pin() const { return pins(Secret(token_.pin())); }
};

/// Keeps signing until told to end; remembers what went wrong.
class Load {
  public:
    Load(RemoteKey& key, int threads) {
        for (int i = 0; i < threads; ++i) {
            askers_.emplace_back([this, &key] { ask(key); });
        }
    }
    ~Load() { end(); }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    void end() {
        enough_ = true;
        for (auto& asker : askers_) {
            asker.join();
        }
        askers_.clear();
    }
    [[nodiscard]] int failed() const { return failed_; }
    [[nodiscard]] int good() const { return good_; }

  private:
    void ask(RemoteKey& key) {
        while (!enough_) {
            const auto signature = sign_now(key);
            ++(signature ? good_ : failed_);
            if (!signature) {
                ADD_FAILURE() << signature.error().message();
                return;
            }
        }
    }

    std::atomic<bool> enough_ = false;
    std::atomic<int> failed_ = 0;
    std::atomic<int> good_ = 0;
    std::vector<std::thread> askers_;
};

std::size_t open_files() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Resident, in KiB.
long memory() {
    std::ifstream file("/proc/self/statm");
    long size = 0;
    long resident = 0;
    file >> size >> resident;
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

TEST_F(Renewal, LoadsTheModuleAfreshAndSignsOn) {
    const auto hsm = open(settings());
    const auto key = key_of(*hsm);
    ASSERT_TRUE(sign_now(*key));
    const auto renewed = hsm->renew(right_pin());
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_EQ(status(*hsm).generation, 2U);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::up);
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1);
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Renewal, WaitingSignaturesAreMadeAfterwards) {
    const auto hsm = open(settings(1));
    const auto key = key_of(*hsm);
    shim_.set({{"delay_ms", 100}});
    std::vector<std::shared_ptr<WaitingJob>> jobs;
    for (int i = 0; i < 4; ++i) {
        jobs.push_back(make_job(20s));
        ASSERT_TRUE(key->submit(jobs.back()));
    }
    ASSERT_TRUE(within(5s, [&] { return shim_.counter("signing_now") == 1; }));
    ASSERT_TRUE(hsm->renew(right_pin()));
    for (const auto& job : jobs) {
        ASSERT_TRUE(job->wait());
        EXPECT_TRUE(job->result());
    }
}

TEST_F(Renewal, WrongPinIsSentOnceAndTheOldOnePutBack) {
    const auto hsm = open(settings());
    const auto key = key_of(*hsm);
    const auto logins = shim_.counter("logins");
    auto renewed = hsm->renew(pins(Secret("000000")));
    ASSERT_FALSE(renewed);
    EXPECT_EQ(renewed.error().code, Errc::pin_incorrect);
    EXPECT_EQ(shim_.counter("logins"), logins + 2) << "the wrong one, and the old one again";
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::up);
    EXPECT_TRUE(sign_now(*key));

    renewed = hsm->renew(pins(Secret("000000")));
    ASSERT_FALSE(renewed);
    EXPECT_EQ(renewed.error().code, Errc::pin_incorrect);
    EXPECT_THAT(renewed.error().message, HasSubstr("refused before"));
    EXPECT_EQ(shim_.counter("logins"), logins + 2);
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Renewal, BringsATokenBackFromARefusedPin) {
    const auto hsm = open(settings(2));
    const auto key = key_of(*hsm);
    // The officer gives the token a new PIN; the old one is refused at the next login.
    token_.change_pin("654321");
    shim_.set({{"fail_sign", CKR_DEVICE_ERROR}, {"fail_first", 1}});
    EXPECT_FALSE(sign_now(*key));
    ASSERT_TRUE(within(2s, [&] { return status(*hsm).state == TokenStatus::State::refused_pin; }));
    const auto logins = shim_.counter("logins");
    EXPECT_EQ(hsm->renew(pins(Secret("123456"))).error().code, Errc::pin_incorrect);
    EXPECT_EQ(hsm->renew(pins(Secret())).error().code, Errc::pin_missing);
    EXPECT_EQ(shim_.counter("logins"), logins);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::refused_pin);
    const auto renewed = hsm->renew(pins(Secret("654321")));
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::up);
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Renewal, TriesAtOnceWhileTheTokenIsAway) {
    const auto hsm = open(settings(2));
    const auto key = key_of(*hsm);
    shim_.set({{"down", CKR_DEVICE_ERROR}});
    EXPECT_FALSE(sign_now(*key));
    const auto renewed = hsm->renew(right_pin());
    ASSERT_FALSE(renewed);
    EXPECT_EQ(renewed.error().code, Errc::token_unavailable);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::recovering);
    shim_.set({});
    ASSERT_TRUE(within(5s, [&] { return hsm->renew(right_pin()).has_value(); }));
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Renewal, FailureWithTheTokenGoneLeavesItBeingLookedFor) {
    const auto hsm = open(settings(2));
    const auto key = key_of(*hsm);
    shim_.set({{"open_rv", CKR_DEVICE_ERROR}});
    EXPECT_EQ(hsm->renew(right_pin()).error().code, Errc::token_unavailable);
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::recovering);
    EXPECT_FALSE(status(*hsm).reason.empty());
    shim_.set({});
    ASSERT_TRUE(within(2s, [&] { return status(*hsm).state == TokenStatus::State::up; }));
    EXPECT_TRUE(sign_now(*key));
    EXPECT_TRUE(status(*hsm).reason.empty());
}

TEST_F(Renewal, AfterStopThereIsNone) {
    const auto hsm = open(settings(2));
    hsm->stop();
    EXPECT_EQ(hsm->renew(right_pin()).error().code, Errc::stopped);
}

TEST_F(Renewal, KeyMadeByAnotherProcessBecomesVisible) {
    const auto hsm = open(settings(2));
    const auto front = key_of(*hsm);
    token_.generate_elsewhere("later");
    const auto renewed = hsm->renew(right_pin());
    ASSERT_TRUE(renewed) << renewed.error().message;
    const auto later = key_of(*hsm, "later");
    EXPECT_TRUE(sign_now(*later));
    EXPECT_TRUE(sign_now(*front));
}

TEST_F(Renewal, KeyReplacedUnderItsAliasIsNoFailure) {
    const auto hsm = open(settings(2));
    const auto old_key = key_of(*hsm);
    token_.erase("front");
    token_.generate(test::TokenKeyKind::ec_p256, "front");
    const auto renewed = hsm->renew(right_pin());
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_FALSE(old_key->available());
    EXPECT_EQ(sign_now(*old_key).error(), Errc::key_not_found);
    const auto new_key = key_of(*hsm);
    EXPECT_TRUE(sign_now(*new_key));
}

TEST_F(Renewal, StuckSignerKeepsTheModuleAndTheOthersGoOn) {
    auto quick = settings(2);
    quick.sign_timeout = 200ms;
    const auto hsm = open(quick);
    const auto key = key_of(*hsm);
    shim_.set({{"stall_first", 1}});
    const auto stuck = make_job(100ms);
    ASSERT_TRUE(key->submit(stuck));
    ASSERT_TRUE(within(5s, [&] { return shim_.counter("signing_now") == 1; }));
    const auto renewed = hsm->renew(right_pin());
    ASSERT_TRUE(renewed) << renewed.error().message;
    EXPECT_EQ(stuck->result().error(), Errc::timed_out);
    EXPECT_EQ(status(*hsm).wedged, 1U);
    EXPECT_EQ(shim_.counter("inits"), 1U);
    EXPECT_TRUE(sign_now(*key));
    shim_.set({});
    EXPECT_TRUE(within(2s, [&] { return status(*hsm).wedged == 0; }));
    ASSERT_TRUE(hsm->renew(right_pin()));
    EXPECT_EQ(shim_.counter("inits"), 2U);
    EXPECT_TRUE(sign_now(*key));
}

TEST_F(Renewal, InUseAsLongAsAKeyLives) {
    const auto hsm = open(settings(2));
    EXPECT_FALSE(hsm->in_use());
    auto key = key_of(*hsm);
    EXPECT_TRUE(hsm->in_use());
    key.reset();
    EXPECT_FALSE(hsm->in_use());
}

/// Closing a generation with signatures on their way is where modules crash; so, many times.
TEST_F(Renewal, ThousandUnderLoadLoseNoSignatureAndLeaveNothingBehind) {
    const auto hsm = open(settings(4));
    const auto key = key_of(*hsm);
    shim_.set({{"jitter_ms", 2}});
    Load load(*key, 2);
    std::size_t files = 0;
    long early = 0;
    for (int round = 1; round <= 1000; ++round) {
        const auto renewed = hsm->renew(right_pin());
        ASSERT_TRUE(renewed) << renewed.error().message;
        if (round == 200) {
            early = memory();
            files = open_files();
        }
    }
    EXPECT_LE(open_files(), files + 2);
    EXPECT_LT(memory(), early + 4096);
    load.end();
    EXPECT_EQ(load.failed(), 0);
    EXPECT_GT(load.good(), 100);
    EXPECT_EQ(status(*hsm).generation, 1001U);
    EXPECT_EQ(status(*hsm).failures, 0U);
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits") - 1) << "a module not let go";
}

}  // namespace
}  // namespace hsmfront::certs
