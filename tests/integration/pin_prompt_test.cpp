// The PIN at the terminal: typed, not typed in time, and no terminal at all.
#include "tests/harness/stage.hpp"
#include "tests/harness/terminal.hpp"

#include <gmock/gmock.h>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// FTP's key is in the token, HTTP's in a file; no PIN is configured.
class PinPrompt : public Stage {
  protected:
    PinPrompt() {
        config.hsm.pin = "";
        config.http.hsm = false;
        const auto certificates = scratch() / "certs";
        std::filesystem::create_directories(certificates);
        const auto& material = Material::get();
        std::filesystem::copy(material.certificates() / "rsa.pem", certificates / "rsa.pem");
        std::filesystem::copy(material.key_files() / "ec.pem", certificates / "ec.pem");
        std::filesystem::copy(material.key_files() / "ec.key", certificates / "ec.key");
        config.certificates = certificates;
    }

    [[nodiscard]] bool prompted() {
        return eventually([&] { return terminal.screen().find("PIN") != std::string::npos; });
    }

    Terminal terminal;
};

TEST_F(PinPrompt, TypedPinStartsTheProtocol) {
    launch(terminal.device());
    ASSERT_TRUE(prompted()) << terminal.screen();
    terminal.type("123456\n");
    ASSERT_TRUE(front->up("ftp"));
    EXPECT_TRUE(front->up("http"));
    EXPECT_THAT(terminal.screen(), Not(HasSubstr("123456"))) << "the PIN was echoed";
}

TEST_F(PinPrompt, OtherProtocolServesWhileThePinIsAwaited) {
    launch(terminal.device());
    ASSERT_TRUE(prompted());
    ASSERT_TRUE(front->up("http"));
    EXPECT_EQ(curl({https("/small")}).out, "small");
    EXPECT_EQ(front->line_with("protocol ftp is up"), "");
}

TEST_F(PinPrompt, NotTypedInTimeLeavesTheProtocolDown) {
    config.hsm.extra = "pin_timeout: 1s";
    launch(terminal.device());
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("protocol ftp does not start: "));
    EXPECT_EQ(front->error_lines(), 1U) << front->log();
    EXPECT_THAT(front->log(), Not(HasSubstr("protocol ftp is up")));
    EXPECT_EQ(curl({https("/small")}).out, "small");
}

TEST_F(PinPrompt, WrongPinLeavesTheProtocolDown) {
    launch(terminal.device());
    ASSERT_TRUE(prompted());
    terminal.type("999999\n");
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("protocol ftp does not start: "));
    EXPECT_THAT(front->log(), Not(HasSubstr("protocol ftp is up")));
}

TEST_F(PinPrompt, WithoutATerminalTheProtocolStaysDown) {
    config.hsm.extra = "pin_timeout: 1s";
    launch();
    ASSERT_TRUE(front->up("http"));
    ASSERT_TRUE(front->logged("protocol ftp does not start: "));
    EXPECT_THAT(front->log(), Not(HasSubstr("protocol ftp is up")));
}

TEST_F(PinPrompt, WithoutATerminalAndAnotherProtocolItExitsWith1) {
    config.hsm.extra = "pin_timeout: 1s";
    config.http.enabled = false;
    launch();
    EXPECT_EQ(front->process().wait(30s), 1);
}

TEST_F(PinPrompt, PinFromAFileNeedsNoTerminal) {
    write_file(scratch() / "pin", "123456\n");
    config.hsm.pin = "{ file: " + (scratch() / "pin").string() + " }";
    start();
    EXPECT_EQ(curl({ftp("/")}).code, 0);
}

TEST_F(PinPrompt, PinFromTheEnvironmentNeedsNoTerminal) {
    config.hsm.pin = "{ env: HSMFRONT_TEST_PIN }";
    config.env["HSMFRONT_TEST_PIN"] = "123456";
    start();
    EXPECT_EQ(curl({ftp("/")}).code, 0);
}

}  // namespace
}  // namespace hsmfront::test
