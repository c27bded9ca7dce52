// CommandLine: what a command takes, its --help made from that, and what was given.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::commands {

struct Option {
    std::string_view name;   ///< "--config"
    std::string_view value;  ///< what the help calls its value; empty: it takes none
    std::string_view help;   ///< may have several lines
    char letter = 0;         ///< 'c' for "-c"
    bool repeated = false;   ///< may be given more than once
    bool required = false;
};

struct Operand {
    enum class Count { one, optional, one_or_more };
    std::string_view name;  ///< "ALIAS"
    Count count = Count::one;
};

/// What was given to a command.
class Arguments {
  public:
    [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }
    [[nodiscard]] bool has(std::string_view option) const { return options_.contains(option); }
    /// The option's last value.
    [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
    [[nodiscard]] std::vector<std::string> values(std::string_view option) const;

  private:
    friend class CommandLineParser;

    std::vector<std::string> operands_;
    std::map<std::string, std::vector<std::string>, std::less<>> options_;
};

struct Command {
    std::string_view name;         ///< one word or two: "check", "key generate"
    std::string_view summary;      ///< for the list of commands
    std::string_view description;  ///< for its own --help; ends with a newline
    std::vector<Operand> operands;
    std::vector<Option> options;  ///< --help comes by itself
    int (*run)(const Arguments&);
};

/// "Usage: …", description and options of `command`.
[[nodiscard]] std::string help_of(const Command& command);

/// The list of commands that begin with `group` ("key"); of all for an empty one.
[[nodiscard]] std::string help_of(std::span<const Command> commands, std::string_view group);

/// What a command line asks for: exactly one of the three.
struct Request {
    const Command* command = nullptr;  ///< to be run with `arguments`
    Arguments arguments;
    std::string help;   ///< the text asked for
    std::string error;  ///< what is wrong, for stderr
};

/// `words` are the arguments without the program's name. Never fails: see Request::error.
[[nodiscard]] Request parse(std::span<const Command> commands, std::span<const char* const> words);

}  // namespace hsmfront::commands
