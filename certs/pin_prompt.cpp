#include "certs/pin_prompt.hpp"

#include "certs/errc.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

namespace hsmfront::certs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array deadly_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/// What the signal handler needs; written before it is installed.
int terminal_to_restore = -1;
termios modes_to_restore{};

/// Only async-signal-safe calls (POSIX lists tcsetattr among them).
extern "C" void restore_and_die(int number) {
    (void)::tcsetattr(terminal_to_restore, TCSANOW, &modes_to_restore);
    (void)std::signal(number, SIG_DFL);
    (void)std::raise(number);
}

class FileDescriptor {
  public:
    explicit FileDescriptor(int fd) : fd_(fd) {}
    ~FileDescriptor() {
        if (fd_ >= 0) {
            (void)::close(fd_);
        }
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    [[nodiscard]] int value() const { return fd_; }

  private:
    int fd_;
};

/// Echo off while it lives; the terminal's modes and the signals' actions return with its end.
class QuietTerminal {
  public:
    explicit QuietTerminal(int terminal) : terminal_(terminal) {
        if (::tcgetattr(terminal_, &before_) != 0) {
            return;
        }
        terminal_to_restore = terminal_;
        modes_to_restore = before_;
        catch_signals();
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK);
        quiet.c_lflag |= ICANON | ISIG | ECHONL;
        // Stopped by ^Z the shell would resume us with the echo on.
        quiet.c_cc[VSUSP] = _POSIX_VDISABLE;
        active_ = ::tcsetattr(terminal_, TCSAFLUSH, &quiet) == 0;
    }

    ~QuietTerminal() {
        if (active_) {
            // FLUSH: a PIN half typed when the time ran out must not become the shell's input.
            (void)::tcsetattr(terminal_, TCSAFLUSH, &before_);
        }
        for (std::size_t i = 0; i < caught_.size(); ++i) {
            if (caught_[i]) {
                (void)::sigaction(deadly_signals[i], &*caught_[i], nullptr);
            }
        }
    }

    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;

    [[nodiscard]] bool active() const { return active_; }

  private:
    /// Signals that the process handles itself are left to it: it stops us by the stop token.
    void catch_signals() {
        for (std::size_t i = 0; i < deadly_signals.size(); ++i) {
            struct sigaction old {};
            if (::sigaction(deadly_signals[i], nullptr, &old) != 0 || old.sa_handler != SIG_DFL) {
                continue;
            }
            struct sigaction restore {};
            restore.sa_handler = restore_and_die;
            (void)sigemptyset(&restore.sa_mask);
            (void)::sigaction(deadly_signals[i], &restore, nullptr);
            caught_[i] = old;
        }
    }

    int terminal_;
    termios before_{};
    bool active_ = false;
    std::array<std::optional<struct sigaction>, deadly_signals.size()> caught_{};
};

Failure missing(const std::string& why) {
    return Failure{
        Errc::pin_missing,
        "no PIN: " + why + "; type it in time, or configure hsm.pin (file, env, credential)"};
}

void say(int terminal, const std::string& text) {
    (void)!::write(terminal, text.data(), text.size());
}

enum class Wait { typed, late, stopped };

Wait wait_for_line(int terminal, int stop_event, Clock::time_point until) {
    for (;;) {
        std::array<pollfd, 2> both{
            pollfd{.fd = terminal, .events = POLLIN, .revents = 0},
            pollfd{.fd = stop_event, .events = POLLIN, .revents = 0}};
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        const int ready =
            ::poll(both.data(), both.size(), static_cast<int>(std::clamp(left, 0L, 3600'000L)));
        if (both[1].revents != 0) {
            return Wait::stopped;
        }
        if (ready > 0) {
            return Wait::typed;
        }
        if (ready == 0 && Clock::now() >= until) {
            return Wait::late;
        }
    }
}

/// One line without its newline; none at the end of input. Empty: nothing was typed.
std::optional<Secret> read_line(int terminal) {
    std::array<char, 512> line{};
    const ssize_t size = ::read(terminal, line.data(), line.size());
    std::optional<Secret> pin;
    if (size > 0) {
        std::string_view text(line.data(), static_cast<std::size_t>(size));
        if (text.ends_with('\n')) {
            text.remove_suffix(1);
        }
        pin.emplace(text);
    } else if (size < 0 && errno == EINTR) {
        pin.emplace();
    }
    OPENSSL_cleanse(line.data(), line.size());
    return pin;
}

Loaded<Secret> ask(const PinPrompt& prompt, int terminal, int stop_event) {
    const auto until = Clock::now() + prompt.limit;
    for (;;) {
        say(terminal, prompt.question);
        const Wait outcome = wait_for_line(terminal, stop_event, until);
        if (outcome != Wait::typed) {
            say(terminal, "\n");
            return missing(outcome == Wait::late ? "nothing was typed in time" : "stopped");
        }
        auto pin = read_line(terminal);
        if (!pin) {
            return missing("end of input at the terminal");
        }
        if (!pin->empty()) {
            return std::move(*pin);
        }
    }
}

}  // namespace

Loaded<Secret> prompt_pin(const PinPrompt& prompt) {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    const FileDescriptor terminal(::open(prompt.terminal.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (terminal.value() < 0 || ::isatty(terminal.value()) == 0) {
        return missing("there is no terminal to ask at");
    }
    const pid_t foreground = ::tcgetpgrp(terminal.value());
    if (foreground > 0 && foreground != ::getpgrp()) {
        return missing("running in the background of its terminal");
    }
    const FileDescriptor stop_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    const std::stop_callback on_stop(prompt.stop, [&stop_event] {
        (void)::eventfd_write(stop_event.value(), 1);
    });
    const QuietTerminal quiet(terminal.value());
    if (!quiet.active()) {
        return missing(
            std::string("the terminal's echo cannot be switched off: ") + std::strerror(errno)
        );
    }
    return ask(prompt, terminal.value(), stop_event.value());
}

}  // namespace hsmfront::certs
