// The table of all commands.
#pragma once

#include "proxy/commands/command_line.hpp"

namespace hsmfront::commands {

[[nodiscard]] std::span<const Command> all_commands();

/// Reads the command line, runs what it asks for, and returns the exit code. `version` is printed
/// by "hsmfront version".
[[nodiscard]] int run(std::span<const char* const> words, std::string_view version);

}  // namespace hsmfront::commands
