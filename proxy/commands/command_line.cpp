#include "proxy/commands/command_line.hpp"

#include <algorithm>
#include <iterator>

namespace hsmfront::commands {
namespace {

constexpr Option help_option{"--help", "", "print this text", 'h'};

std::string operand_text(const Operand& operand) {
    const std::string name(operand.name);
    switch (operand.count) {
        case Operand::Count::optional:
            return "[" + name + "]";
        case Operand::Count::one_or_more:
            return name + "...";
        case Operand::Count::one:
            break;
    }
    return name;
}

std::string usage_of(const Command& command) {
    std::string text = "Usage: hsmfront " + std::string(command.name);
    for (const Operand& operand : command.operands) {
        text += " " + operand_text(operand);
    }
    for (const Option& option : command.options) {
        if (option.required) {
            text += " " + std::string(option.name) + " " + std::string(option.value);
        }
    }
    const bool any_optional = std::any_of(
        command.options.begin(), command.options.end(), [](const auto& o) { return !o.required; }
    );
    return text + (any_optional ? " [OPTIONS]\n" : "\n");
}

/// Two columns; lines of the right one after the first are indented to it.
void add_row(std::string& text, std::string left, std::size_t width, std::string_view right) {
    left.resize(std::max(left.size() + 2, width), ' ');
    text += left;
    for (std::size_t start = 0; start <= right.size();) {
        const auto end = std::min(right.find('\n', start), right.size());
        if (start > 0) {
            text.append(width, ' ');
        }
        text.append(right.substr(start, end - start));
        text += '\n';
        start = end + 1;
    }
}

void add_option(std::string& text, const Option& option) {
    constexpr std::size_t width = 25;
    std::string left = option.letter != 0 ? std::string("  -") + option.letter + ", " : "      ";
    left += option.name;
    if (!option.value.empty()) {
        left += ' ';
        left += option.value;
    }
    if (left.size() + 2 > width) {
        text += left + '\n';
        left.clear();
    }
    add_row(text, std::move(left), width, option.help);
}

bool in_group(const Command& command, std::string_view group) {
    return command.name.size() > group.size() && command.name.starts_with(group) &&
           command.name[group.size()] == ' ';
}

}  // namespace

std::optional<std::string> Arguments::value(std::string_view option) const {
    const auto found = options_.find(option);
    return found == options_.end() ? std::nullopt : std::optional(found->second.back());
}

std::vector<std::string> Arguments::values(std::string_view option) const {
    const auto found = options_.find(option);
    return found == options_.end() ? std::vector<std::string>() : found->second;
}

std::string help_of(const Command& command) {
    std::string text = usage_of(command) + "\n" + std::string(command.description) + "\nOptions:\n";
    for (const Option& option : command.options) {
        add_option(text, option);
    }
    add_option(text, help_option);
    return text;
}

std::string help_of(std::span<const Command> commands, std::string_view group) {
    std::string text = "Usage: hsmfront " + (group.empty() ? "" : std::string(group) + " ") +
                       "COMMAND [OPTIONS]\n\n";
    if (group.empty()) {
        text +=
            "Terminates FTPS and HTTPS with private keys that stay in a PKCS#11 token, and "
            "forwards\nplain text to FTP and HTTP servers.\n\n";
    }
    text += "Commands:\n";
    for (const Command& command : commands) {
        if (group.empty() || in_group(command, group)) {
            add_row(text, "  " + std::string(command.name), 16, command.summary);
        }
    }
    if (group.empty()) {
        add_row(text, "  version", 16, "print the version");
        add_row(text, "  help", 16, "print this text, or \"help COMMAND\" that of a command");
    }
    return text + "\n\"hsmfront COMMAND --help\" tells about a command.\n" +
           "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.\n";
}

/// Reads one command line; each step leaves its finding in request_.
class CommandLineParser {
  public:
    CommandLineParser(std::span<const Command> commands, std::span<const char* const> words)
        : commands_(commands), words_(words.begin(), words.end()) {}

    Request parse() {
        if (!words_.empty() && words_.front() == "help") {
            words_.erase(words_.begin());
            words_.emplace_back("--help");
        }
        if (const Command* command = find_command()) {
            read_arguments(*command);
        }
        return std::move(request_);
    }

  private:
    static bool asks_for_help(std::string_view word) { return word == "-h" || word == "--help"; }

    void fail(std::string why) {
        if (request_.error.empty()) {
            request_.error = std::move(why);
        }
    }

    /// Null with error or help set when the words name no command to run.
    const Command* find_command() {
        if (words_.empty()) {
            fail("no command given");
            return nullptr;
        }
        const std::string first(words_.front());
        if (asks_for_help(first)) {
            request_.help = help_of(commands_, "");
            return nullptr;
        }
        const bool group = std::any_of(commands_.begin(), commands_.end(), [&](const auto& c) {
            return in_group(c, first);
        });
        if (!group) {
            position_ = 1;
            return command_named(first);
        }
        if (words_.size() < 2) {
            fail("command \"" + first + "\" needs another word; see hsmfront " + first + " --help");
            return nullptr;
        }
        if (asks_for_help(words_[1])) {
            request_.help = help_of(commands_, first);
            return nullptr;
        }
        position_ = 2;
        return command_named(first + " " + std::string(words_[1]));
    }

    const Command* command_named(const std::string& name) {
        const auto found = std::find_if(commands_.begin(), commands_.end(), [&](const auto& c) {
            return c.name == name;
        });
        if (found == commands_.end()) {
            fail("unknown command \"" + name + "\"");
            return nullptr;
        }
        return &*found;
    }

    void read_arguments(const Command& command) {
        for (; position_ < words_.size() && request_.error.empty(); ++position_) {
            const std::string_view word = words_[position_];
            if (asks_for_help(word)) {
                request_ = Request{nullptr, {}, help_of(command), {}};
                return;
            }
            if (!only_operands_ && word == "--") {
                only_operands_ = true;
            } else if (!only_operands_ && word.size() > 1 && word.starts_with('-')) {
                read_option(command, word);
            } else {
                request_.arguments.operands_.emplace_back(word);
            }
        }
        check_operands(command);
        check_required(command);
        if (request_.error.empty()) {
            request_.command = &command;
        } else {
            request_.error += "; see hsmfront " + std::string(command.name) + " --help";
        }
    }

    /// "--name", "--name=value", "--name value", "-n value".
    void read_option(const Command& command, std::string_view word) {
        const auto equals = word.starts_with("--") ? word.find('=') : std::string_view::npos;
        const auto name = word.substr(0, equals);
        const auto option =
            std::find_if(command.options.begin(), command.options.end(), [name](const Option& o) {
                return o.name == name || (name.size() == 2 && o.letter != 0 && name[1] == o.letter);
            });
        if (option == command.options.end()) {
            return fail("unknown option \"" + std::string(name) + "\"");
        }
        auto& values = request_.arguments.options_[std::string(option->name)];
        if (!values.empty() && !option->repeated) {
            return fail("option \"" + std::string(name) + "\" is given twice");
        }
        const bool attached = equals != std::string_view::npos;
        if (option->value.empty() && attached) {
            return fail("option \"" + std::string(name) + "\" takes no value");
        }
        if (option->value.empty()) {
            values.emplace_back();
        } else if (attached) {
            values.emplace_back(word.substr(equals + 1));
        } else if (position_ + 1 < words_.size()) {
            values.emplace_back(words_[++position_]);
        } else {
            fail("option \"" + std::string(name) + "\" needs a value");
        }
    }

    void check_operands(const Command& command) {
        using Count = Operand::Count;
        const auto given = request_.arguments.operands_.size();
        const auto needed = static_cast<std::size_t>(std::count_if(
            command.operands.begin(),
            command.operands.end(),
            [](const Operand& operand) { return operand.count != Count::optional; }
        ));
        const bool open_ended =
            !command.operands.empty() && command.operands.back().count == Count::one_or_more;
        if (given < needed) {
            return fail(std::string(command.operands[given].name) + " is missing");
        }
        if (given > command.operands.size() && !open_ended) {
            const auto& extra = request_.arguments.operands_[command.operands.size()];
            fail("what is \"" + extra + "\" for?");
        }
    }

    void check_required(const Command& command) {
        for (const Option& option : command.options) {
            if (option.required && !request_.arguments.has(option.name)) {
                fail("option \"" + std::string(option.name) + "\" is missing");
            }
        }
    }

    std::span<const Command> commands_;
    std::vector<std::string_view> words_;
    std::size_t position_ = 0;
    bool only_operands_ = false;
    Request request_;
};

Request parse(std::span<const Command> commands, std::span<const char* const> words) {
    return CommandLineParser(commands, words).parse();
}

}  // namespace hsmfront::commands
