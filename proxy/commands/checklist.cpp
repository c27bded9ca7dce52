#include "proxy/commands/checklist.hpp"

#include "proxy/commands/terminal.hpp"

#include <iostream>

namespace hsmfront::commands {

void Checklist::ok(const std::string& step, const std::string& finding) {
    print("[ OK ]", step, finding, {});
}

void Checklist::warn(
    const std::string& step, const std::string& finding, const std::string& remedy
) {
    ++warnings_;
    print("[WARN]", step, finding, remedy);
}

void Checklist::fail(
    const std::string& step, const std::string& finding, const std::string& remedy
) {
    ++failures_;
    print("[FAIL]", step, finding, remedy);
}

std::string Checklist::summary() const {
    if (failures_ == 0 && warnings_ == 0) {
        return "all well";
    }
    const std::string warnings =
        std::to_string(warnings_) + (warnings_ == 1 ? " warning" : " warnings");
    return failures_ == 0 ? warnings : std::to_string(failures_) + " failed, " + warnings;
}

/// At once, so that a step that hangs in the token is seen to.
void Checklist::print(
    const char* mark, const std::string& step, const std::string& finding, const std::string& remedy
) {
    constexpr std::size_t step_width = 16;
    std::string name = step;
    name.resize(std::max(step_width, name.size() + 1), ' ');
    std::cout << mark << ' ' << name << printable(finding) << '\n';
    if (!remedy.empty()) {
        std::cout << std::string(step_width + 7, ' ') << "-> " << printable(remedy) << '\n';
    }
    std::cout << std::flush;
}

}  // namespace hsmfront::commands
