// The PIN is nowhere but where it must be, and private keys stay in the token's process.
#include "tests/fault/secrets.hpp"
#include "tests/harness/memory_scan.hpp"
#include "tests/harness/stage.hpp"
#include "tests/harness/terminal.hpp"
#include "tests/harness/tls_client.hpp"
#include "tests/harness/token_server.hpp"

#include <gmock/gmock.h>

#include <sys/resource.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Found nowhere by chance.
const std::string long_pin = "Zx9Qv7Lk2Wm4Rt8Pb3Yc";
/// std::string holds this one in itself, not on the heap.
const std::string short_pin = "Qj4Xz8Vb2Kw7";

class Secrecy : public Stage {
  protected:
    explicit Secrecy(std::string pin = long_pin) : secret_pin(std::move(pin)) {
        change_pin(token, Token::pin, secret_pin);
        config.extra = "log: { level: trace }\n";
    }

    void SetUp() override {
        if (sanitized) {
            GTEST_SKIP() << "sanitizers keep freed memory and read the process's memory themselves";
        }
    }

    void use_server() {
        server = std::make_unique<TokenServer>(scratch() / "server", token.environment());
        config.hsm.module = TokenServer::module;
        config.env = server->environment();
    }

    /// Everything that a PIN or a key is needed for.
    void use_it() {
        EXPECT_EQ(TlsClient(config.http.port).get("/small"), "small");
        EXPECT_EQ(curl({"-k", ftp("/")}).code, 0);
        if (server) {
            server->kill();
            EXPECT_EQ(TlsClient(config.http.port).connected(), !config.http.hsm);
            EXPECT_EQ(curl({"-k", ftp("/")}).code == 0, !config.ftp.hsm);
            server->start();
            EXPECT_TRUE(eventually([&] {
                return TlsClient(config.http.port).connected() && curl({"-k", ftp("/")}).code == 0;
            })) << "the PIN was needed once more";
        }
    }

    void expect_pin_hidden() {
        const auto process = front->process().pid();
        const auto proc = std::filesystem::path("/proc") / std::to_string(process);
        EXPECT_THAT(text_of(proc / "cmdline"), Not(HasSubstr(secret_pin)));
        EXPECT_THAT(text_of(proc / "environ"), HasSubstr("PATH="));
        EXPECT_THAT(text_of(proc / "environ"), Not(HasSubstr(secret_pin)));
        EXPECT_THAT(front->log(), Not(HasSubstr(secret_pin)));
        const auto [dumped, kept_out] = by_dumping(find_in_memory(process, secret_pin));
        EXPECT_TRUE(dumped.empty()) << "a core file would hold it:\n" << to_string(dumped);
        EXPECT_FALSE(kept_out.empty()) << "it must be somewhere, for the next login";
    }

    const std::string secret_pin;
    std::unique_ptr<TokenServer> server;
};

enum class Source { file, env, value, credential };

struct PinCase {
    const char* name;
    Source source;
    bool out_of_process;
    const std::string& pin = long_pin;
};

void PrintTo(const PinCase& one, std::ostream* out) { *out << one.name; }

class PinSecrecy : public Secrecy, public ::testing::WithParamInterface<PinCase> {
  protected:
    PinSecrecy() : Secrecy(GetParam().pin) {}

    void give_pin() {
        switch (GetParam().source) {
            case Source::file:
                write_file(scratch() / "pin", secret_pin + "\n");
                std::filesystem::permissions(scratch() / "pin", std::filesystem::perms(0600));
                config.hsm.pin = "{ file: pin }";
                break;
            case Source::env:
                config.env["FRONT_PIN"] = secret_pin;
                config.hsm.pin = "{ env: FRONT_PIN }";
                break;
            case Source::value:
                config.hsm.pin = "{ value: " + secret_pin + " }";
                break;
            case Source::credential:
                std::filesystem::create_directory(scratch() / "credentials");
                write_file(scratch() / "credentials" / "pin", secret_pin);
                config.env["CREDENTIALS_DIRECTORY"] = (scratch() / "credentials").string();
                config.hsm.pin = "{ credential: pin }";
                break;
        }
    }
};

// SoftHSM 2.6.1 keeps the PIN encrypted, p11-kit-client 0.24.1 wipes what it sends: nothing of
// theirs needs to be excused.
INSTANTIATE_TEST_SUITE_P(
    Sources,
    PinSecrecy,
    ::testing::Values(
        PinCase{"File", Source::file, true},
        PinCase{"Env", Source::env, true},
        PinCase{"Value", Source::value, true},
        PinCase{"ShortValue", Source::value, true, short_pin},
        PinCase{"ShortEnv", Source::env, true, short_pin},
        PinCase{"Credential", Source::credential, true},
        PinCase{"FileWithTheTokenInProcess", Source::file, false},
        PinCase{"EnvWithTheTokenInProcess", Source::env, false},
        PinCase{"ValueWithTheTokenInProcess", Source::value, false}
    ),
    [](const auto& instance) { return std::string(instance.param.name); }
);

TEST_P(PinSecrecy, IsKept) {
    if (GetParam().out_of_process) {
        use_server();
    }
    give_pin();
    start();
    expect_pin_hidden();
    use_it();
    expect_pin_hidden();
}

TEST_F(Secrecy, OfAPinTypedAtTheTerminalIsKept) {
    use_server();
    config.hsm.pin = "";
    Terminal terminal;
    launch(terminal.device());
    ASSERT_TRUE(eventually([&] { return terminal.screen().find("PIN") != std::string::npos; }));
    terminal.type(secret_pin + "\n");
    ASSERT_TRUE(front->up("http"));
    use_it();
    expect_pin_hidden();
    EXPECT_THAT(terminal.screen(), Not(HasSubstr(secret_pin)));
}

/// Whether a process that dies of `signal` leaves a core file once its limit is raised.
bool dumps_core(Process& process, int signal) {
    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    if (::prlimit(process.pid(), RLIMIT_CORE, &unlimited, nullptr) != 0) {
        throw std::system_error(errno, std::generic_category(), "prlimit");
    }
    process.signal(signal);
    EXPECT_EQ(process.wait(10s), 128 + signal);
    return process.dumped_core();
}

class CoreFile : public Secrecy, public ::testing::WithParamInterface<int> {};

INSTANTIATE_TEST_SUITE_P(Signals, CoreFile, ::testing::Values(SIGSEGV, SIGABRT));

TEST_P(CoreFile, IsNotWritten) {
    config.hsm.pin = "{ value: " + secret_pin + " }";
    start();
    EXPECT_FALSE(dumps_core(front->process(), GetParam()));
    for (const auto& entry : std::filesystem::directory_iterator(scratch())) {
        EXPECT_FALSE(entry.path().filename().string().starts_with("core")) << entry.path();
    }
    Command command;
    command.argv = {"sleep", "60"};
    command.directory = scratch();
    Process other(command);
    const auto name = "/proc/" + std::to_string(other.pid()) + "/comm";
    // Before its exec it is a copy of this process, in this folder.
    ASSERT_TRUE(eventually([&] { return text_of(name) == "sleep\n"; }));
    if (!dumps_core(other, GetParam())) {
        GTEST_SKIP() << "no process leaves a core file on this machine: core_pattern is "
                     << text_of("/proc/sys/kernel/core_pattern");
    }
}

/// FTP with an RSA key in a token out of process, HTTP with an EC key in a file.
class KeySecrecy : public Secrecy {
  protected:
    KeySecrecy() {
        use_server();
        config.hsm.pin = "{ value: " + secret_pin + " }";
        config.certificates = scratch() / "certificates";
        std::filesystem::create_directory(config.certificates);
    }

    /// Keys of the test's own making, so that their numbers are known: "rsa" and "ec".
    [[nodiscard]] KeyNumbers make(const std::string& alias, bool in_token) {
        const auto pem = make_key(alias, config.certificates, scratch() / "ca");
        const auto numbers = private_numbers(pem);
        if (in_token) {
            import_key(token, secret_pin, alias + "-own", pem);
            std::filesystem::remove(pem);
            std::filesystem::rename(
                config.certificates / (alias + ".pem"), config.certificates / (alias + "-own.pem")
            );
        }
        return numbers;
    }

    [[nodiscard]] std::vector<Sighting> sightings_of(const KeyNumbers& numbers) {
        std::vector<Sighting> all;
        for (const auto& [name, bytes] : numbers) {
            for (auto& one : find_in_memory(front->process().pid(), bytes)) {
                one.around = name;
                all.push_back(one);
            }
        }
        return all;
    }

    void expect_in_no_file(const KeyNumbers& numbers) {
        for (const auto& file : files_of(front->process().pid(), scratch())) {
            const std::string content = text_of(file);
            for (const auto& [name, bytes] : numbers) {
                EXPECT_EQ(content.find(bytes), std::string::npos) << name << " in " << file;
            }
        }
    }
};

TEST_F(KeySecrecy, KeyInTheTokenIsNotInTheProxyWhileAKeyFromAFileIsFound) {
    const auto in_token = make("rsa", true);
    const auto in_file = make("ec", false);
    config.ftp.alias = "rsa-own";
    config.http.alias = "ec";
    config.http.hsm = false;
    start();
    use_it();
    EXPECT_EQ(to_string(sightings_of(in_token)), "");
    EXPECT_FALSE(sightings_of(in_file).empty()) << "the scanner does not find keys";
    expect_in_no_file(in_token);
    const auto maps = "/proc/" + std::to_string(front->process().pid()) + "/maps";
    EXPECT_THAT(text_of(maps), Not(HasSubstr("softhsm"))) << "the token is not out of process";
}

TEST_F(KeySecrecy, EcKeyInTheTokenIsNotInTheProxyWhileAnRsaKeyFromAFileIsFound) {
    const auto in_file = make("rsa", false);
    const auto in_token = make("ec", true);
    config.ftp.alias = "rsa";
    config.ftp.hsm = false;
    config.http.alias = "ec-own";
    start();
    use_it();
    EXPECT_EQ(to_string(sightings_of(in_token)), "");
    EXPECT_FALSE(sightings_of(in_file).empty()) << "the scanner does not find keys";
    expect_in_no_file(in_token);
}

}  // namespace
}  // namespace hsmfront::test
