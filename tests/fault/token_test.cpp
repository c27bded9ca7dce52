// A token that stalls, fails or forgets its sessions costs new full handshakes only; a PIN that is
// wrong reaches it once.
#include "tests/fault/shim_stage.hpp"
#include "tests/harness/tls_client.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;

constexpr long ckr_function_failed = 0x06;
constexpr long ckr_device_error = 0x30;
constexpr long ckr_device_removed = 0x32;

class TokenFault : public ShimStage {
  protected:
    [[nodiscard]] bool grows(const std::string& name, milliseconds limit) const {
        const auto before = size_of(scratch() / name);
        return eventually([&] { return size_of(scratch() / name) > before + 500'000; }, limit);
    }
};

TEST_F(TokenFault, EstablishedTransfersContinueWhileItStallsForTwoSeconds) {
    config.hsm.extra = "sign_timeout: 20s";
    start();
    write_random(nginx.root() / "file", 24'000'000);
    std::filesystem::copy(nginx.root() / "file", vsftpd.root() / "file");
    const auto web = download(https("/file"), "web", {"--limit-rate", "4M"});
    const auto files = download(ftp("/file"), "files", {"--limit-rate", "4M"});
    ASSERT_TRUE(grows("web", 20s));
    ASSERT_TRUE(grows("files", 20s));

    shim.set({{"stall", 1}});
    const auto stalled = std::chrono::steady_clock::now();
    const auto newcomer = download(https("/small"), "newcomer");
    ASSERT_TRUE(eventually([&] { return shim.counter("signing_now") > 0; }));
    while (std::chrono::steady_clock::now() < stalled + 2s) {
        EXPECT_TRUE(grows("web", 1500ms)) << "HTTPS waits for the token";
        EXPECT_TRUE(grows("files", 1500ms)) << "FTPS waits for the token";
    }
    EXPECT_TRUE(newcomer->running()) << "this handshake needs the token";
    shim.set({});

    EXPECT_EQ(newcomer->wait(20s), 0) << text_of(scratch() / "newcomer.log");
    EXPECT_EQ(web->wait(60s), 0);
    EXPECT_EQ(files->wait(60s), 0);
    EXPECT_EQ(sha256(scratch() / "web"), sha256(nginx.root() / "file"));
    EXPECT_EQ(sha256(scratch() / "files"), sha256(vsftpd.root() / "file"));
}

TEST_F(TokenFault, HandshakeThatIsNotSignedInTimeFails) {
    config.hsm.extra = "sign_timeout: 500ms";
    start();
    shim.set({{"stall", 1}});
    const auto answer = curl({https("/small")}, 20s);
    EXPECT_EQ(answer.code, 35) << answer.error;
    shim.set({});
    EXPECT_TRUE(eventually([&] { return curl({https("/small")}).out == "small"; }));
}

TEST_F(TokenFault, LostSessionsAreReplaced) {
    start();
    shim.set({{"drop", 1}});
    EXPECT_TRUE(eventually([&] { return curl({https("/small")}).out == "small"; }));
    EXPECT_EQ(curl({ftp("/")}).code, 0);
}

TEST_F(TokenFault, DeviceThatComesBackIsUsedAgain) {
    start();
    shim.set({{"down", ckr_device_removed}});
    EXPECT_EQ(curl({https("/small")}, 30s).code, 35);
    shim.set({});
    EXPECT_TRUE(eventually([&] { return curl({https("/small")}).out == "small"; }));
    EXPECT_EQ(shim.counter("logins"), 2U) << "one login for each life of the module";
}

TEST_F(TokenFault, AuthIsAnsweredWith431WhileTheDeviceIsAway) {
    start();
    shim.set({{"down", ckr_device_error}});
    const auto refused = [&] { return curl({"-v", ftp("/")}).error; };
    EXPECT_TRUE(eventually([&] { return refused().find("< 431") != std::string::npos; }));
    shim.set({});
    EXPECT_TRUE(eventually([&] { return curl({ftp("/")}).code == 0; }));
}

TEST_F(TokenFault, OneFailedSignatureCostsOneHandshake) {
    start();
    shim.set({{"fail_sign", ckr_function_failed}, {"fail_first", 1}});
    EXPECT_TRUE(eventually([&] { return curl({https("/small")}).out == "small"; }));
    EXPECT_TRUE(front->process().running());
}

TEST_F(TokenFault, ModuleThatDoesNotInitialiseAtStartIsTriedAgain) {
    shim.set({{"init_rv", ckr_device_error}});
    launch();
    ASSERT_TRUE(eventually([&] {
        return auth_tls_reply(config.ftp.explicit_port).starts_with("431");
    }));
    EXPECT_FALSE(TlsClient(config.http.port).connected());
    shim.set({});
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] {
        return TlsClient(config.http.port).get("/small") == "small" && curl({ftp("/")}).code == 0;
    }));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, sanitized ? 10s : 2s);
    EXPECT_EQ(shim.counter("logins"), 1U);
}

TEST_F(TokenFault, WrongTokenLabelIsFinal) {
    config.hsm.token = "elsewhere";
    config.http.hsm = false;
    config.certificates = Material::get().key_files();
    launch();
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("elsewhere"));
    const auto looked = shim.counter("inits");
    const auto begun = std::chrono::steady_clock::now();
    do {
        EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
        pause_between_polls();
    } while (std::chrono::steady_clock::now() < begun + 1s);
    EXPECT_EQ(shim.counter("inits"), looked) << "looked for again";
    EXPECT_EQ(shim.counter("logins"), 0U);
}

TEST_F(TokenFault, WrongPinReachesTheTokenExactlyOnce) {
    config.hsm.pin = "{ value: \"999999\" }";
    launch();
    EXPECT_EQ(front->process().wait(30s), 1);
    EXPECT_THAT(front->log(), HasSubstr("PIN"));
    EXPECT_EQ(shim.counter("logins"), 1U);
}

TEST_F(TokenFault, WrongPinIsNotSentAgainWhileTheOtherProtocolServes) {
    config.hsm.pin = "{ value: \"999999\" }";
    config.http.hsm = false;
    config.http.alias = "ec";
    config.certificates = Material::get().key_files();
    launch();
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("protocol ftp does not start: "));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_EQ(front->process().stop(), 0);
    EXPECT_EQ(shim.counter("logins"), 1U);
}

TEST_F(TokenFault, RightPinIsSentOnceForAllSigners) {
    start();
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(curl({https("/small")}).out, "small");
    }
    EXPECT_EQ(shim.counter("logins"), 1U);
}

TEST_F(TokenFault, TokenWithTwoSessionsServesWithThose) {
    shim.set({{"max_sessions", 2}});
    start();
    ASSERT_TRUE(front->logged("gives no more sessions (CKR_SESSION_COUNT): 1 signers"));
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
    }
    EXPECT_EQ(shim.counter("logins"), 1U);
    EXPECT_EQ(shim.counter("inits"), 1U) << "taken for a loss of the token";
}

struct StallCase {
    const char* name;
    long signers;  ///< of 4
};

void PrintTo(const StallCase& one, std::ostream* out) { *out << one.name; }

class StalledForEver : public TokenFault, public ::testing::WithParamInterface<StallCase> {
  protected:
    StalledForEver() {
        config.hsm.extra = "signers: 4\nsign_timeout: 2s";
        config.drain = "1s";
    }

    /// One handshake for each signer that is to be stuck.
    void stall() {
        shim.set({{"stall_first", GetParam().signers}});
        for (long i = 0; i < GetParam().signers; ++i) {
            stalled.push_back(download(https("/small"), "stalled" + std::to_string(i)));
        }
        ASSERT_TRUE(eventually([&] {
            return shim.counter("signing_now") == static_cast<std::uint64_t>(GetParam().signers);
        }));
    }

    std::vector<std::unique_ptr<Process>> stalled;
};

INSTANTIATE_TEST_SUITE_P(
    Signers,
    StalledForEver,
    ::testing::Values(StallCase{"Some", 2}, StallCase{"All", 4}),
    [](const auto& instance) { return std::string(instance.param.name); }
);

TEST_P(StalledForEver, DelaysNobodyElseAndNotTheEnd) {
    start();
    TlsClient established(config.http.port);
    ASSERT_EQ(established.get("/small"), "small");
    stall();
    EXPECT_EQ(established.get("/small"), "small");
    EXPECT_EQ(TlsClient(config.http.port, established.session()).get("/small"), "small");
    if (GetParam().signers < 4) {
        EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
    }
    for (const auto& client : stalled) {
        EXPECT_EQ(client->wait(10s), 35) << "not ended by sign_timeout";
    }
    EXPECT_EQ(established.get("/small"), "small");

    const auto asked = std::chrono::steady_clock::now();
    EXPECT_EQ(front->process().stop(30s), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, 9s);
    EXPECT_EQ(shim.counter("signing_now"), static_cast<std::uint64_t>(GetParam().signers));
}

TEST_P(StalledForEver, EndsWhenTheCallsReturn) {
    config.hsm.extra = "signers: 4\nsign_timeout: 500ms";
    start();
    TlsClient established(config.http.port);
    ASSERT_EQ(established.get("/small"), "small");
    stall();
    for (const auto& client : stalled) {
        EXPECT_EQ(client->wait(10s), 35);
    }
    if (GetParam().signers == 4) {
        ASSERT_TRUE(front->logged("signers are stuck in the module"));
        EXPECT_THAT(auth_tls_reply(config.ftp.explicit_port), HasSubstr("431"));
        EXPECT_FALSE(TlsClient(config.http.port).connected());
    }
    EXPECT_EQ(established.get("/small"), "small");
    EXPECT_EQ(TlsClient(config.http.port, established.session()).get("/small"), "small");
    shim.set({});
    EXPECT_TRUE(eventually([&] { return TlsClient(config.http.port).get("/small") == "small"; }));
    EXPECT_TRUE(eventually([&] { return shim.counter("signing_now") == 0; }));
}

TEST_F(TokenFault, RsaWithoutPssPaddingInTheTokenServesTls13) {
    config.http.alias = "rsa";
    shim.set({{"no_pss", 1}});
    start();
    EXPECT_EQ(curl({"--tlsv1.3", https("/small")}).out, "small");
}

TEST_F(TokenFault, ResumedHandshakeNeedsNoSignature) {
    config.http.enabled = false;
    start();
    write_random(vsftpd.root() / "file", 1000);
    const auto before = shim.counter("signs");
    std::vector<std::string> arguments;
    for (int i = 0; i < 5; ++i) {
        const auto name = (scratch() / ("received" + std::to_string(i))).string();
        arguments.insert(arguments.end(), {"-o", name, ftp("/file")});
    }
    ASSERT_EQ(curl(arguments).code, 0);
    EXPECT_EQ(shim.counter("signs"), before + 1) << "data connections did not resume";
}

}  // namespace
}  // namespace hsmfront::test
