// The commands on keys and certificates as an operator runs them: what they refuse, what they ask,
// and what they leave alone. The way where all goes well is lifecycle_test.cpp's.
#include "tests/harness/stage.hpp"
#include "tests/support/shim_control.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Keys "rsa" and "ec" are in the token, their chains in a folder of the test's own.
class Commands : public ::testing::Test {
  protected:
    Commands() : token(dir_.path() / "token") {
        fs::copy(Material::get().certificates(), certificates());
        configure("{ file: " + dir_.write("pin", "123456\n").string() + " }");
        fs::permissions(dir_ / "pin", fs::perms::owner_read | fs::perms::owner_write);
    }

    [[nodiscard]] fs::path certificates() const { return dir_ / "certs"; }

    void configure(const std::string& pin, const std::string& more = {}) {
        std::string text =
            "hsm:\n  module: " + ShimControl::module().string() + "\n  token: front\n";
        text += pin.empty() ? "" : "  pin: " + pin + "\n";
        text += "certificates: " + certificates().string() + "\n" + more;
        (void)dir_.write("hsmfront.yaml", text);
    }

    /// Both protocols with the token's keys.
    void configure_protocols() {
        const std::string listen = "  listen: [{ address: 127.0.0.1, port: ";
        const std::string backend = "  backend: { address: 127.0.0.1, port: 9 }\n";
        configure(
            "{ file: " + (dir_ / "pin").string() + " }",
            "ftp:\n  enabled: true\n  alias: rsa\n" + listen + "2121, tls: explicit }]\n" +
                backend + "http:\n  enabled: true\n  alias: ec\n" + listen + "8443 }]\n" + backend
        );
    }

    /// `hsmfront` with these words and the configuration.
    [[nodiscard]] Outcome hsmfront(std::vector<std::string> words) const {
        return run(argv(std::move(words)), 60s, token.environment());
    }

    [[nodiscard]] std::vector<std::string> argv(std::vector<std::string> words) const {
        words.insert(words.begin(), program());
        words.insert(words.end(), {"-c", (dir_ / "hsmfront.yaml").string()});
        return words;
    }

    [[nodiscard]] std::string key_list() const { return hsmfront({"key", "list"}).out; }

    TempDir dir_;
    ShimControl shim;
    Token token;
};

TEST_F(Commands, KeyListShowsTypesProtectionAndCertificates) {
    const auto outcome = hsmfront({"key", "list"});
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_THAT(outcome.out, HasSubstr("2 private keys"));
    EXPECT_THAT(outcome.out, ::testing::ContainsRegex("rsa +RSA 2048 +sensitive.*days left +yes"));
    EXPECT_THAT(outcome.out, ::testing::ContainsRegex("ec +EC P-256 .*days left +yes"));
    fs::copy(
        certificates() / "other.pem",
        certificates() / "ec.pem",
        fs::copy_options::overwrite_existing
    );
    EXPECT_THAT(key_list(), ::testing::ContainsRegex("ec +EC P-256 .*days left +NO"));
}

TEST_F(Commands, AliasInUseIsNotGeneratedAgain) {
    const auto before = key_list();
    const auto outcome = hsmfront({"key", "generate", "rsa", "--type", "ec:P-256"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.error, AllOf(HasSubstr("alias 'rsa' is in use"), HasSubstr("private key")));
    EXPECT_EQ(key_list(), before);
}

TEST_F(Commands, UnknownKeyTypesAndBadAliasesAreWrongUsage) {
    for (const char* type : {"rsa:1024", "ec:P-521", "dsa", ""}) {
        EXPECT_EQ(hsmfront({"key", "generate", "new", "--type", type}).code, 2) << type;
    }
    EXPECT_EQ(hsmfront({"key", "generate", "../new"}).code, 2);
    EXPECT_EQ(shim.counter("logins"), 0U) << "logged in for nothing";
}

TEST_F(Commands, RequestGoesToStandardOutputAndIsSignedByTheKey) {
    const auto outcome =
        hsmfront({"cert", "request", "rsa", "--subject", "CN=localhost,O=Example"});
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    const auto file = dir_.write("rsa.csr", outcome.out);
    const auto shown = run({"openssl", "req", "-in", file.string(), "-noout", "-verify", "-text"});
    EXPECT_EQ(shown.code, 0) << shown.error;
    EXPECT_THAT(
        shown.out, AllOf(HasSubstr("O = Example, CN = localhost"), HasSubstr("DNS:localhost"))
    );
}

TEST_F(Commands, CertificateOfAnotherKeyIsRefusedAndNothingIsWritten) {
    const auto before = text_of(certificates() / "rsa.pem");
    const auto outcome = hsmfront({"cert", "import", "rsa", (certificates() / "ec.pem").string()});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(
        outcome.error, AllOf(HasSubstr("CN = localhost (EC P-256)"), HasSubstr("alias 'rsa'"))
    );
    EXPECT_EQ(text_of(certificates() / "rsa.pem"), before);
    EXPECT_THAT(hsmfront({"cert", "show", "rsa"}).out, HasSubstr("no certificate of that label"));
}

TEST_F(Commands, ImportStoresInFileAndTokenUnlessToldOtherwise) {
    const auto file = (certificates() / "rsa.pem").string();
    const auto chain = dir_.write("rsa.crt", text_of(file));
    fs::remove(file);
    ASSERT_EQ(hsmfront({"cert", "import", "rsa", chain.string(), "--no-token"}).code, 0);
    EXPECT_EQ(text_of(file), text_of(chain));
    EXPECT_THAT(hsmfront({"cert", "show", "rsa"}).out, HasSubstr("no certificate of that label"));
    ASSERT_EQ(hsmfront({"cert", "import", "rsa", chain.string()}).code, 0);
    fs::remove(file);
    const auto shown = hsmfront({"cert", "show", "rsa"});
    EXPECT_EQ(shown.code, 0);
    EXPECT_THAT(
        shown.out, AllOf(HasSubstr("no such file"), HasSubstr("matches"), HasSubstr("IP:127.0.0.1"))
    );
}

TEST_F(Commands, TokenThatShowsNoPublicHalfStillTakesItsCertificate) {
    shim.set({{"hide_public", 1}});
    const auto file = (certificates() / "ec.pem").string();
    EXPECT_EQ(hsmfront({"cert", "import", "ec", file, "--no-token"}).code, 0);
    const auto wrong = hsmfront({"cert", "import", "ec", (certificates() / "rsa.pem").string()});
    EXPECT_EQ(wrong.code, 1) << wrong.out;
}

TEST_F(Commands, KeyFileAliasesAreImportedWithoutTheToken) {
    fs::copy(Material::get().key_files() / "ec.key", certificates() / "filed.key");
    configure("", "http:\n  hsm: { enabled: false }\n  alias: filed\n");
    const auto source = (Material::get().key_files() / "ec.pem").string();
    const auto outcome = hsmfront({"cert", "import", "filed", source});
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(text_of(certificates() / "filed.pem"), text_of(source));
    EXPECT_EQ(shim.counter("logins"), 0U);
}

TEST_F(Commands, DeleteWithoutTerminalNeedsYes) {
    const auto before = key_list();
    EXPECT_EQ(hsmfront({"key", "delete", "rsa"}).code, 2);
    EXPECT_EQ(key_list(), before);
    EXPECT_EQ(hsmfront({"key", "delete", "rsa", "--yes"}).code, 0);
    EXPECT_THAT(key_list(), AllOf(Not(HasSubstr("RSA 2048")), HasSubstr("EC P-256")));
    EXPECT_EQ(hsmfront({"key", "delete", "rsa", "--yes"}).code, 1) << "it is gone";
}

/// Runs it at a terminal where `answer` is typed as soon as `question` is on the screen; `out` of
/// the outcome is the screen.
Outcome run_at_terminal(
    const Command& command, const std::string& question, const std::string& answer
) {
    int keyboard = -1;
    int device = -1;
    if (::openpty(&keyboard, &device, nullptr, nullptr, nullptr) != 0) {
        throw std::runtime_error("openpty failed");
    }
    Command with_terminal = command;
    with_terminal.terminal = device;
    Process process(with_terminal);
    Outcome outcome;
    const auto asked = [&] {
        char text[256];
        pollfd ready{keyboard, POLLIN, 0};
        while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
            const auto count = ::read(keyboard, text, sizeof(text));
            outcome.out.append(text, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        return outcome.out.find(question) != std::string::npos;
    };
    EXPECT_TRUE(eventually(asked)) << outcome.out;
    (void)!::write(keyboard, answer.data(), answer.size());
    outcome.code = process.wait(60s).value_or(-1);
    (void)asked();
    ::close(keyboard);
    ::close(device);
    return outcome;
}

TEST_F(Commands, DeleteAsksAtTheTerminal) {
    Command command;
    command.argv = argv({"key", "delete", "rsa"});
    command.env = token.environment();
    EXPECT_EQ(run_at_terminal(command, "Delete key 'rsa'", "no\n").code, 1);
    EXPECT_THAT(key_list(), HasSubstr("RSA 2048"));
    EXPECT_EQ(run_at_terminal(command, "Delete key 'rsa'", "yes\n").code, 0);
    EXPECT_THAT(key_list(), Not(HasSubstr("RSA 2048")));
}

TEST_F(Commands, PinIsAskedForAtTheTerminalWhereNoneIsConfigured) {
    configure("");
    Command command;
    command.argv = argv({"key", "list"});
    command.env = token.environment();
    command.output = dir_ / "output";
    const auto outcome = run_at_terminal(command, "PIN of HSM token", "123456\n");
    EXPECT_EQ(outcome.code, 0) << text_of(command.output);
    EXPECT_THAT(text_of(command.output), HasSubstr("2 private keys"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("123456"))) << "the PIN was echoed";
    EXPECT_EQ(hsmfront({"key", "list"}).code, 1) << "no terminal to ask at";
}

TEST_F(Commands, WrongPinIsSentOnceAndNotShown) {
    (void)dir_.write("pin", "999999\n");
    const std::vector<std::vector<std::string>> all{
        {"key", "list"},
        {"key", "generate", "new"},
        {"key", "delete", "rsa", "--yes"},
        {"cert", "request", "rsa", "--subject", "/CN=a"},
        {"cert", "import", "rsa", (certificates() / "rsa.pem").string()}};
    std::uint64_t sent = 0;
    for (const auto& words : all) {
        const auto outcome = hsmfront(words);
        EXPECT_EQ(outcome.code, 1);
        EXPECT_THAT(outcome.error, AllOf(HasSubstr("PIN"), Not(HasSubstr("999999"))));
        EXPECT_EQ(shim.counter("logins"), ++sent) << words.front() << ' ' << words[1];
    }
    configure_protocols();
    const auto doctor = hsmfront({"doctor", "--load", "1s"});
    EXPECT_EQ(doctor.code, 1);
    EXPECT_THAT(doctor.out, AllOf(HasSubstr("[FAIL] login"), Not(HasSubstr("999999"))));
    EXPECT_EQ(shim.counter("logins"), ++sent);
}

TEST_F(Commands, FinalTryIsLeftToTheOperator) {
    shim.set({{"token_flags", 0x20000}});  // CKF_USER_PIN_FINAL_TRY
    configure_protocols();
    for (const auto& words : std::vector<std::vector<std::string>>{{"key", "list"}, {"doctor"}}) {
        const auto outcome = hsmfront(words);
        EXPECT_EQ(outcome.code, 1);
        EXPECT_THAT(outcome.out + outcome.error, HasSubstr("CKF_USER_PIN_FINAL_TRY"));
    }
    EXPECT_EQ(shim.counter("logins"), 0U);
    const auto forced = hsmfront({"doctor", "--force"});
    EXPECT_EQ(forced.code, 0) << forced.out;
    EXPECT_THAT(forced.out, HasSubstr("[WARN] PIN state"));
}

TEST_F(Commands, DoctorOfAGoodSetupFindsNothing) {
    configure_protocols();
    const auto outcome = hsmfront({"doctor", "--load", "300ms"});
    EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.error;
    EXPECT_THAT(
        outcome.out,
        AllOf(
            HasSubstr("signs by CKM_RSA_PKCS_PSS"),
            HasSubstr("signs by CKM_ECDSA"),
            HasSubstr("certificate matches"),
            HasSubstr("signatures/s with 8 signers; p50"),
            HasSubstr("full TLS handshakes/s"),
            HasSubstr("doctor: all well")
        )
    );
}

TEST_F(Commands, DoctorNamesWhatIsWrongWithAnAlias) {
    configure_protocols();
    fs::copy(
        certificates() / "other.pem",
        certificates() / "ec.pem",
        fs::copy_options::overwrite_existing
    );
    ASSERT_EQ(hsmfront({"key", "delete", "rsa", "--yes"}).code, 0);
    const auto outcome = hsmfront({"doctor"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(
        outcome.out,
        AllOf(
            HasSubstr("no private key of that label"),
            HasSubstr("certificate of another key"),
            HasSubstr("hsmfront cert request ec"),
            HasSubstr("2 failed")
        )
    );
}

TEST_F(Commands, DoctorExaminesFailOverTokensToo) {
    configure_protocols();
    const auto outcome = hsmfront({"doctor", "--set", "hsm.failover=[{ token: elsewhere }]"});
    EXPECT_EQ(outcome.code, 1) << outcome.error;
    EXPECT_THAT(
        outcome.out,
        AllOf(
            HasSubstr("-- token front"),
            HasSubstr("certificate matches"),
            HasSubstr("-- token elsewhere"),
            HasSubstr("hsm.token 'elsewhere' not found"),
            HasSubstr("1 failed, 0 warnings")
        )
    );
}

TEST_F(Commands, DoctorShowsTheMechanismThatIsLeft) {
    configure_protocols();
    shim.set({{"no_pss", 1}, {"report_max_sessions", 4}});
    const auto padded = hsmfront({"doctor"});
    EXPECT_EQ(padded.code, 0) << padded.out;
    EXPECT_THAT(padded.out, HasSubstr("CKM_RSA_X_509 with RSA-PSS padded here"));
    EXPECT_THAT(padded.out, HasSubstr("[WARN] sessions"));
    shim.set({{"no_pss", 1}, {"no_raw_rsa", 1}});
    EXPECT_THAT(hsmfront({"doctor"}).out, HasSubstr("no TLS 1.3 with this key"));
}

TEST_F(Commands, DoctorSaysThatTheTokenIsAway) {
    configure_protocols();
    shim.set({{"down", 0x32}});
    const auto outcome = hsmfront({"doctor"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.out, HasSubstr("[FAIL] slots"));
    shim.set({{"no_slots", 1}});
    EXPECT_THAT(hsmfront({"doctor"}).out, HasSubstr("no token in any"));
    shim.set({{"open_rv", 0x30}});
    EXPECT_THAT(hsmfront({"doctor"}).out, HasSubstr("CKR_DEVICE_ERROR"));
    EXPECT_EQ(hsmfront({"doctor", "--set", "hsm.module=/nonexistent.so"}).code, 1);
}

TEST_F(Commands, CheckLooksForTheModulesOfFailoverTokens) {
    configure_protocols();
    std::string text = text_of(dir_ / "hsmfront.yaml");
    text.insert(text.find("certificates:"), "  failover: [{ token: b, module: /no/such.so }]\n");
    (void)dir_.write("hsmfront.yaml", text);
    const auto checked = hsmfront({"check"});
    EXPECT_EQ(checked.code, 2);
    EXPECT_THAT(
        checked.error, HasSubstr("error: hsm.failover[0].module: no such file /no/such.so")
    );
}

}  // namespace
}  // namespace hsmfront::test
