// The program: one command, an exit code.
#include "proxy/commands/table.hpp"
#include "proxy/runtime/exit_code.hpp"

#include <exception>
#include <iostream>
#include <span>

int main(int argc, char** argv) {
    using namespace hsmfront;
    try {
        const std::span words(argv, static_cast<std::size_t>(argc));
        const std::vector<const char*> arguments(words.begin() + (argc > 0 ? 1 : 0), words.end());
        return commands::run(arguments, HSMFRONT_VERSION);
    } catch (const std::exception& error) {
        std::cerr << "hsmfront: " << error.what() << '\n';
        return runtime::exit_failed;
    }
}
