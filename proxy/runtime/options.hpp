// Options: the command line.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace hsmfront::runtime {

/// Exit codes of every command.
enum ExitCode : int { exit_done = 0, exit_failed = 1, exit_usage = 2 };

struct Options {
    enum class Command { serve, check, help, version };
    Command command = Command::help;
    std::filesystem::path config = "/etc/hsmfront/hsmfront.yaml";
    std::vector<std::string> overrides;  ///< --set KEY=VALUE
    /// What is wrong with the command line, for stderr; empty if nothing is.
    std::string error;
    /// For Command::help: the text asked for.
    std::string help;
};

/// Never fails: see Options::error.
[[nodiscard]] Options parse_options(int argc, const char* const* argv);

}  // namespace hsmfront::runtime
