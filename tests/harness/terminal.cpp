// Terminal: a pseudo terminal; the proxy has one end, the test types at the other.
#include "tests/harness/terminal.hpp"

#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <unistd.h>

namespace hsmfront::test {

Terminal::Terminal() {
    if (::openpty(&keyboard_, &device_, nullptr, nullptr, nullptr) != 0) {
        throw std::runtime_error("openpty failed");
    }
}

Terminal::~Terminal() {
    ::close(keyboard_);
    ::close(device_);
}

void Terminal::type(const std::string& text) const {
    if (::write(keyboard_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        throw std::runtime_error("cannot type at the terminal");
    }
}

const std::string& Terminal::screen() {
    char text[256];
    pollfd ready{keyboard_, POLLIN, 0};
    while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
        const auto count = ::read(keyboard_, text, sizeof(text));
        if (count <= 0) {
            break;
        }
        screen_.append(text, static_cast<std::size_t>(count));
    }
    return screen_;
}

}  // namespace hsmfront::test
