// Opening a token: where it is, the PIN, and what the operator is told.
#include "tests/unit/certs/token_fixture.hpp"

#include <gmock/gmock.h>

namespace hsmfront::certs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class HsmOpen : public ShimmedToken {};

TEST_F(HsmOpen, WrongPinReachesTheTokenOnce) {
    const auto opened = Hsm::open(settings(), pins(Secret("000000")));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::pin_incorrect);
    EXPECT_EQ(shim_.counter("logins"), 1U);
    EXPECT_THAT(opened.error().message, HasSubstr("CKR_PIN_INCORRECT"));
    EXPECT_THAT(opened.error().message, HasSubstr("CKF_USER_PIN_COUNT_LOW"));
    EXPECT_THAT(opened.error().message, Not(HasSubstr("000000")));
}

TEST_F(HsmOpen, LockedPinIsSaidSo) {
    shim_.set({{"login_rv", CKR_PIN_LOCKED}, {"token_flags", CKF_USER_PIN_LOCKED}});
    const auto opened = Hsm::open(settings(), pins(Secret("123456")));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::pin_locked);
    EXPECT_THAT(opened.error().message, HasSubstr("CKF_USER_PIN_LOCKED"));
    EXPECT_EQ(shim_.counter("logins"), 1U);
}

TEST_F(HsmOpen, NoPinIsNotSent) {
    const auto opened = Hsm::open(settings(), pins(Secret()));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::pin_missing);
    EXPECT_EQ(shim_.counter("logins"), 0U);
}

TEST_F(HsmOpen, UnknownTokenNamesThoseThereAre) {
    auto wanted = settings();
    wanted.token = "elsewhere";
    const auto opened = Hsm::open(wanted, pins(Secret(token_.pin())));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::token_not_found);
    EXPECT_THAT(opened.error().message, HasSubstr("'elsewhere'"));
    EXPECT_THAT(opened.error().message, HasSubstr("'hsmfront'"));
}

TEST_F(HsmOpen, UriFindsTheToken) {
    auto wanted = settings();
    wanted.token = "pkcs11:token=hsmfront;manufacturer=SoftHSM%20project";
    EXPECT_EQ(status(*open(wanted)).state, TokenStatus::State::up);
}

TEST_F(HsmOpen, UriOfAnotherTokenFindsNone) {
    auto wanted = settings();
    wanted.token = "pkcs11:token=hsmfront;serial=0";
    EXPECT_EQ(Hsm::open(wanted, pins(Secret("123456"))).error().code, Errc::token_not_found);
}

TEST_F(HsmOpen, MalformedUriAndPinInUriAreRefused) {
    auto wanted = settings();
    wanted.token = "pkcs11:token=%zz";
    EXPECT_EQ(Hsm::open(wanted, pins(Secret("123456"))).error().code, Errc::token_not_found);
    wanted.token = "pkcs11:token=hsmfront?pin-value=123456";
    const auto opened = Hsm::open(wanted, pins(Secret("123456")));
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("hsm.pin"));
    EXPECT_THAT(opened.error().message, Not(HasSubstr("123456")));
}

TEST_F(HsmOpen, MissingModuleIsNamed) {
    auto wanted = settings();
    wanted.module = "/nonexistent/pkcs11.so";
    const auto opened = Hsm::open(wanted, pins(Secret("123456")));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::module_not_loadable);
    EXPECT_THAT(opened.error().message, HasSubstr("/nonexistent/pkcs11.so"));
}

TEST_F(HsmOpen, LibraryThatIsNoModuleIsRefused) {
    auto wanted = settings();
    wanted.module = "libm.so.6";
    EXPECT_EQ(Hsm::open(wanted, pins(Secret("123456"))).error().code, Errc::module_not_loadable);
}

TEST_F(HsmOpen, TokenThatIsAwayIsUnavailable) {
    shim_.set({{"down", CKR_TOKEN_NOT_PRESENT}});
    EXPECT_EQ(Hsm::open(settings(), pins(Secret("123456"))).error().code, Errc::token_unavailable);
}

TEST_F(HsmOpen, NeedsPinOnlyWhereItIsTypedHere) {
    EXPECT_TRUE(*needs_pin(settings()));
    shim_.set({{"token_flags", CKF_PROTECTED_AUTHENTICATION_PATH}});
    EXPECT_FALSE(*needs_pin(settings()));
}

TEST_F(HsmOpen, AskingForNeedsPinLeavesAnOpenHsmAlone) {
    const auto hsm = open(settings());
    const auto key = key_of(*hsm);
    ASSERT_TRUE(needs_pin(settings()));
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(shim_.counter("finalizes"), 0U);
}

TEST_F(HsmOpen, TokenLimitShrinksThePool) {
    shim_.set({{"report_max_sessions", 3}});
    const auto hsm = open(settings(8));
    EXPECT_EQ(status(*hsm).signers, 2U);
}

TEST_F(HsmOpen, RefusedSessionsShrinkThePool) {
    shim_.set({{"max_sessions", 3}});
    const auto hsm = open(settings(8));
    EXPECT_TRUE(within(5s, [&] { return status(*hsm).signers == 2; }));
    const auto key = key_of(*hsm);
    EXPECT_TRUE(sign_now(*key));
    EXPECT_EQ(status(*hsm).state, TokenStatus::State::up);
}

TEST_F(HsmOpen, StopClosesEverything) {
    {
        const auto hsm = open(settings());
        const auto key = key_of(*hsm);
        ASSERT_TRUE(sign_now(*key));
        hsm->stop();
        hsm->stop();
        EXPECT_EQ(status(*hsm).state, TokenStatus::State::stopped);
        EXPECT_EQ(sign_now(*key).error(), Errc::stopped);
        EXPECT_FALSE(key->available());
        EXPECT_EQ(hsm->find_key("front", nullptr).error().code, Errc::stopped);
    }
    EXPECT_EQ(shim_.counter("finalizes"), shim_.counter("inits"));
    EXPECT_EQ(shim_.counter("closes"), shim_.counter("opens"));
}

}  // namespace
}  // namespace hsmfront::certs
