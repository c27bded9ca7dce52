// The PIN at a terminal: echo off while it is typed, the terminal as before whatever happens.
#include "certs/pin_prompt.hpp"

#include "certs/errc.hpp"

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <fcntl.h>
#include <future>
#include <pty.h>
#include <string>
#include <sys/wait.h>
#include <termios.h>
#include <thread>
#include <unistd.h>

namespace hsmfront::certs {
namespace {

using namespace std::chrono_literals;

/// A pseudo-terminal; the test sits at the keyboard.
class PinPromptTest : public ::testing::Test {
  protected:
    PinPromptTest() {
        std::array<char, 128> name{};
        if (::openpty(&keyboard_, &terminal_, name.data(), nullptr, nullptr) != 0) {
            throw std::runtime_error("no pseudo-terminal");
        }
        name_ = name.data();
        // So that the echoes of a failing test cannot fill the line.
        ::fcntl(keyboard_, F_SETFL, O_NONBLOCK);
    }
    ~PinPromptTest() override {
        ::close(keyboard_);
        ::close(terminal_);
    }

    [[nodiscard]] bool echo() const {
        termios modes{};
        EXPECT_EQ(::tcgetattr(terminal_, &modes), 0);
        return (modes.c_lflag & ECHO) != 0;
    }

    [[nodiscard]] bool echo_becomes(bool wanted) const {
        for (int i = 0; i < 5000 && echo() != wanted; ++i) {
            std::this_thread::sleep_for(1ms);
        }
        return echo() == wanted;
    }

    void type(const std::string& text) const {
        ASSERT_EQ(::write(keyboard_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }

    [[nodiscard]] std::string screen() const {
        std::array<char, 1024> text{};
        const ssize_t size = ::read(keyboard_, text.data(), text.size());
        return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }

    [[nodiscard]] PinPrompt prompt(std::chrono::milliseconds limit) {
        return {"PIN: ", limit, stop_.get_token(), name_};
    }

    int keyboard_ = -1;
    int terminal_ = -1;
    std::string name_;
    std::stop_source stop_;
};

TEST_F(PinPromptTest, TypedPinIsTakenUnseen) {
    auto typed = std::async(std::launch::async, prompt_pin, prompt(10s));
    ASSERT_TRUE(echo_becomes(false));
    type("\n");  // an empty line asks again
    type("123456\n");
    const auto pin = typed.get();
    ASSERT_TRUE(pin) << pin.error().message;
    EXPECT_EQ(std::string(pin->bytes().begin(), pin->bytes().end()), "123456");
    EXPECT_TRUE(echo());
    EXPECT_EQ(screen().find("123456"), std::string::npos);
}

TEST_F(PinPromptTest, NothingTypedInTimeIsMissing) {
    const auto pin = prompt_pin(prompt(50ms));
    ASSERT_FALSE(pin);
    EXPECT_EQ(pin.error().code, Errc::pin_missing);
    EXPECT_TRUE(echo());
}

TEST_F(PinPromptTest, HalfALineIsNotTakenAndNotLeftForTheShell) {
    auto typed = std::async(std::launch::async, prompt_pin, prompt(300ms));
    ASSERT_TRUE(echo_becomes(false));
    type("1234");
    EXPECT_FALSE(typed.get());
    EXPECT_TRUE(echo());
    type("\n");
    ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
    std::array<char, 16> line{};
    EXPECT_EQ(::read(terminal_, line.data(), line.size()), 1) << "only the newline";
}

TEST_F(PinPromptTest, StopEndsTheWaitAtOnce) {
    auto typed = std::async(std::launch::async, prompt_pin, prompt(60s));
    ASSERT_TRUE(echo_becomes(false));
    stop_.request_stop();
    ASSERT_EQ(typed.wait_for(5s), std::future_status::ready);
    EXPECT_EQ(typed.get().error().code, Errc::pin_missing);
    EXPECT_TRUE(echo());
}

TEST_F(PinPromptTest, NoTerminalIsMissing) {
    auto nowhere = prompt(60s);
    nowhere.terminal = "/dev/null";
    EXPECT_EQ(prompt_pin(nowhere).error().code, Errc::pin_missing);
    nowhere.terminal = "/nonexistent";
    EXPECT_EQ(prompt_pin(nowhere).error().code, Errc::pin_missing);
}

TEST_F(PinPromptTest, DeadlySignalLeavesTheEchoOn) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        (void)std::signal(SIGTERM, SIG_DFL);
        (void)prompt_pin(prompt(60s));
        ::_exit(0);
    }
    ASSERT_TRUE(echo_becomes(false));
    ASSERT_EQ(::kill(child, SIGTERM), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), SIGTERM);
    EXPECT_TRUE(echo());
}

}  // namespace
}  // namespace hsmfront::certs
