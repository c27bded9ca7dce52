#include "proxy/commands/terminal.hpp"

#include "certs/thread_setup.hpp"

#include <algorithm>
#include <fstream>
#include <future>
#include <iostream>
#include <unistd.h>

namespace hsmfront::commands {
namespace {

/// Characters, not bytes, of UTF-8.
std::size_t width_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

}  // namespace

std::string printable(std::string text) {
    std::replace_if(
        text.begin(),
        text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; },
        '?'
    );
    return text;
}

std::string table_text(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], width_of(row[i]));
        }
    }
    std::string text;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += printable(row[i]);
            if (i + 1 < row.size()) {
                text.append(widths[i] - width_of(row[i]) + 2, ' ');
            }
        }
        text += '\n';
    }
    return text;
}

std::optional<bool> confirm(const std::string& question) {
    std::fstream terminal("/dev/tty");
    if (!terminal) {
        return std::nullopt;
    }
    terminal << question << " Type yes to go on: " << std::flush;
    std::string answer;
    std::getline(terminal, answer);
    return answer == "yes";
}

ProgressLine::ProgressLine() : terminal_(::isatty(STDERR_FILENO) == 1) {}

void ProgressLine::show(const std::string& text) {
    if (terminal_) {
        std::cerr << "\r\033[K" << text << std::flush;
        shown_ = true;
    }
}

void ProgressLine::clear() {
    if (shown_) {
        std::cerr << "\r\033[K" << std::flush;
        shown_ = false;
    }
}

std::string progress_bar(double done) {
    constexpr std::size_t width = 30;
    const double part = std::clamp(done, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
    return "[" + std::string(filled, '#') + std::string(width - filled, ' ') + "]";
}

void run_with_progress(const std::string& what, const std::function<void()>& work) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds step{250};
    const auto begun = Clock::now();
    auto finished = std::async(std::launch::async, [&work] {
        certs::enter_thread("hsm command");
        work();
    });
    ProgressLine line;
    while (finished.wait_for(step) != std::future_status::ready) {
        const auto seconds =
            std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - begun).count();
        line.show(what + " … " + std::to_string(seconds) + " s");
    }
    finished.get();
}

}  // namespace hsmfront::commands
