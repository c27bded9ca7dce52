// Every class of PKCS#11 error once: what it costs, and that service goes on after it.
#include "tests/fault/shim_stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>
#include <p11-kit/pkcs11.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// What one signature that fails so may cost.
enum class Cost {
    handshake,      ///< this handshake, nothing else
    session,        ///< nobody notices: another session, tried again
    login,          ///< nobody notices: key looked up and tried again; the PIN is not sent, since
                    ///< the session says that it is logged in
    new_generation  ///< this handshake; the module is closed, opened and logged in afresh
};

struct Case {
    const char* name;
    CK_RV value;
    Cost cost;
};

#define HSMFRONT_CASE(name, cost) \
    Case { #name, CKR_##name, Cost::cost }

const Case cases[] = {
    HSMFRONT_CASE(HOST_MEMORY, handshake),
    HSMFRONT_CASE(ARGUMENTS_BAD, handshake),
    HSMFRONT_CASE(DATA_INVALID, handshake),
    HSMFRONT_CASE(DATA_LEN_RANGE, handshake),
    HSMFRONT_CASE(FUNCTION_CANCELED, handshake),
    HSMFRONT_CASE(FUNCTION_REJECTED, handshake),
    HSMFRONT_CASE(KEY_FUNCTION_NOT_PERMITTED, handshake),
    HSMFRONT_CASE(KEY_SIZE_RANGE, handshake),
    HSMFRONT_CASE(KEY_TYPE_INCONSISTENT, handshake),
    HSMFRONT_CASE(MECHANISM_INVALID, handshake),
    HSMFRONT_CASE(MECHANISM_PARAM_INVALID, handshake),
    HSMFRONT_CASE(BUFFER_TOO_SMALL, session),
    HSMFRONT_CASE(OPERATION_ACTIVE, session),
    HSMFRONT_CASE(OPERATION_NOT_INITIALIZED, session),
    HSMFRONT_CASE(SESSION_CLOSED, session),
    HSMFRONT_CASE(SESSION_COUNT, session),
    HSMFRONT_CASE(SESSION_HANDLE_INVALID, session),
    HSMFRONT_CASE(KEY_HANDLE_INVALID, login),
    HSMFRONT_CASE(OBJECT_HANDLE_INVALID, login),
    HSMFRONT_CASE(USER_NOT_LOGGED_IN, login),
    HSMFRONT_CASE(CRYPTOKI_NOT_INITIALIZED, new_generation),
    HSMFRONT_CASE(DEVICE_ERROR, new_generation),
    HSMFRONT_CASE(DEVICE_MEMORY, new_generation),
    HSMFRONT_CASE(DEVICE_REMOVED, new_generation),
    HSMFRONT_CASE(FUNCTION_FAILED, new_generation),
    HSMFRONT_CASE(GENERAL_ERROR, new_generation),
    HSMFRONT_CASE(SLOT_ID_INVALID, new_generation),
    HSMFRONT_CASE(TOKEN_NOT_PRESENT, new_generation),
    HSMFRONT_CASE(TOKEN_NOT_RECOGNIZED, new_generation),
    HSMFRONT_CASE(VENDOR_DEFINED, new_generation),
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.name; }

const auto name_of = [](const auto& instance) { return std::string(instance.param.name); };

class TokenErrors : public ShimStage {
  protected:
    [[nodiscard]] bool handshake() const { return TlsClient(config.http.port).connected(); }
    [[nodiscard]] bool serves() const {
        return TlsClient(config.http.port).get("/small") == "small";
    }
};

class TokenError : public TokenErrors, public ::testing::WithParamInterface<Case> {
  protected:
    TokenError() { config.ftp.enabled = false; }

    /// The next call that `where` names fails once.
    void fail_once(const char* where) {
        const auto [name, value, cost] = GetParam();
        const auto logins = shim.counter("logins");
        const auto inits = shim.counter("inits");
        shim.set({{where, static_cast<long>(value)}, {"fail_first", 1}});
        const bool unnoticed = cost == Cost::session || cost == Cost::login;
        EXPECT_EQ(handshake(), unnoticed) << where;
        ASSERT_EQ(shim.counter("failed_first"), 1U) << where << ": nothing failed";
        EXPECT_TRUE(eventually([&] { return serves(); })) << where;
        const std::uint64_t again = cost == Cost::new_generation ? 1 : 0;
        EXPECT_EQ(shim.counter("inits"), inits + again) << where;
        EXPECT_EQ(shim.counter("logins"), logins + again) << where;
    }
};

INSTANTIATE_TEST_SUITE_P(EveryClass, TokenError, ::testing::ValuesIn(cases), name_of);

TEST_P(TokenError, CostsNoMoreThanItsClass) {
    start();
    fail_once("fail_sign");
    fail_once("fail_sign_init");
}

struct PinCase {
    const char* name;
    CK_RV value;
};

const PinCase pin_cases[] = {
    {"INCORRECT", CKR_PIN_INCORRECT},
    {"INVALID", CKR_PIN_INVALID},
    {"LEN_RANGE", CKR_PIN_LEN_RANGE},
    {"EXPIRED", CKR_PIN_EXPIRED},
    {"LOCKED", CKR_PIN_LOCKED},
    {"NOT_INITIALIZED", CKR_USER_PIN_NOT_INITIALIZED},
};

void PrintTo(const PinCase& one, std::ostream* out) { *out << one.name; }

class RefusedPin : public TokenErrors, public ::testing::WithParamInterface<PinCase> {};

INSTANTIATE_TEST_SUITE_P(EveryReason, RefusedPin, ::testing::ValuesIn(pin_cases), name_of);

TEST_P(RefusedPin, AtReturnOfTheTokenIsNotSentAgain) {
    start();
    shim.set(
        {{"login_rv", static_cast<long>(GetParam().value)},
         {"fail_sign", CKR_DEVICE_REMOVED},
         {"fail_first", 1}}
    );
    EXPECT_FALSE(handshake());
    ASSERT_TRUE(front->logged("the PIN was refused", 10s));
    EXPECT_EQ(shim.counter("logins"), 2U);
    shim.set({});
    for (int i = 0; i < 10; ++i) {
        EXPECT_FALSE(handshake());
        EXPECT_THAT(auth_tls_reply(config.ftp.explicit_port), StartsWith("431"));
    }
    EXPECT_EQ(shim.counter("logins"), 2U) << "a token counts refused PINs, and locks";
}

class FailingOpenSession : public TokenErrors, public ::testing::WithParamInterface<Case> {};

const Case open_cases[] = {
    HSMFRONT_CASE(HOST_MEMORY, handshake),
    HSMFRONT_CASE(SESSION_COUNT, session),
    HSMFRONT_CASE(GENERAL_ERROR, new_generation),
    HSMFRONT_CASE(DEVICE_REMOVED, new_generation),
};

INSTANTIATE_TEST_SUITE_P(EveryClass, FailingOpenSession, ::testing::ValuesIn(open_cases), name_of);

TEST_P(FailingOpenSession, IsSurvived) {
    config.hsm.extra = "sign_timeout: 2s";
    start();
    // Sessions are opened anew once they are lost.
    shim.set({{"drop", 1}, {"open_rv", static_cast<long>(GetParam().value)}});
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(handshake());
    }
    shim.set({{"drop", 1}});
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return serves(); }));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, sanitized ? 10s : 2s);
    EXPECT_EQ(curl({ftp("/")}).code, 0);
}

#undef HSMFRONT_CASE

}  // namespace
}  // namespace hsmfront::test
