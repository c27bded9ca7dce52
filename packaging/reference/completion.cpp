// Parts of the completions for bash and zsh.
#include "config/keys.hpp"
#include "packaging/reference/parts.hpp"
#include "packaging/reference/text.hpp"
#include "proxy/commands/table.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::reference {
namespace {

using commands::Command;
using commands::Operand;
using commands::Option;

std::pair<std::string, std::string> words_of(const Command& command) {
    const std::string name(command.name);
    const auto space = name.find(' ');
    return space == std::string::npos ? std::pair{name, std::string{}}
                                      : std::pair{name.substr(0, space), name.substr(space + 1)};
}

/// First words that need a second one, in the order of the table.
std::vector<std::string> groups() {
    std::vector<std::string> found;
    for (const Command& command : commands::all_commands()) {
        const auto [first, second] = words_of(command);
        if (!second.empty() && std::find(found.begin(), found.end(), first) == found.end()) {
            found.push_back(first);
        }
    }
    return found;
}

/// "-c --config" of the options that `wanted` chooses.
template <class Wanted>
std::string option_words(const Command& command, Wanted wanted) {
    std::vector<std::string> words;
    for (const Option& option : command.options) {
        if (wanted(option)) {
            if (option.letter != 0) {
                words.push_back(std::string("-") + option.letter);
            }
            words.emplace_back(option.name);
        }
    }
    return joined(words, " ");
}

/// One word for a shell, in single quotes.
std::string shell_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

/// `text` with a backslash before each of `special`.
std::string escaped(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        out += special.find(c) == std::string_view::npos ? "" : "\\";
        out += c;
    }
    return out;
}

/// name:summary, as zsh's _describe takes it.
std::string described(std::string_view name, std::string_view summary) {
    return shell_word(escaped(name, ":\\") + ":" + std::string(summary));
}

std::string zsh_action(std::string_view name) {
    return ":" + std::string(name) + ":" + (name == "FILE" ? "_files" : " ");
}

std::vector<std::string> zsh_specs(const Option& option) {
    const std::string repeated = option.repeated ? "*" : "";
    const std::string help = "[" + escaped(lines_of(option.help).front(), "[]\\") + "]";
    const std::string action = option.value.empty() ? "" : zsh_action(option.value);
    const std::string attached = option.value.empty() ? "" : "=";
    std::vector<std::string> specs{repeated + std::string(option.name) + attached + help + action};
    if (option.letter != 0) {
        specs.push_back(repeated + "-" + option.letter + help + action);
    }
    return specs;
}

std::string zsh_spec(const Operand& operand, std::size_t place) {
    const std::string where =
        operand.count == Operand::Count::one_or_more ? "*" : std::to_string(place);
    const std::string optional = operand.count == Operand::Count::optional ? ":" : "";
    return where + optional + zsh_action(operand.name);
}

}  // namespace

std::string bash_words() {
    std::vector<std::string> words = groups();
    for (const Command& command : commands::all_commands()) {
        if (const auto [first, second] = words_of(command); second.empty()) {
            words.push_back(first);
        }
    }
    return joined(words, " ") + "\n";
}

std::string bash_groups() {
    std::string text;
    for (const std::string& group : groups()) {
        std::vector<std::string> following;
        for (const Command& command : commands::all_commands()) {
            if (const auto [first, second] = words_of(command); first == group) {
                following.push_back(second);
            }
        }
        text += "        " + group + ") echo " + shell_word(joined(following, " ")) + " ;;\n";
    }
    return text;
}

std::string bash_commands() {
    std::string text;
    for (const Command& command : commands::all_commands()) {
        const std::string files =
            option_words(command, [](const Option& o) { return o.value == "FILE"; });
        const std::string others = option_words(command, [](const Option& o) {
            return !o.value.empty() && o.value != "FILE";
        });
        std::vector<std::string> operands;
        for (const Operand& operand : command.operands) {
            operands.emplace_back(operand.name);
        }
        text += "        " + shell_word(command.name) + ")\n            options=" +
                shell_word(option_words(command, [](const Option&) { return true; })) +
                "\n            files=" + shell_word(files) + " others=" + shell_word(others) +
                " operands=" + shell_word(joined(operands, " ")) + "\n            ;;\n";
    }
    return text;
}

std::string bash_keys() {
    std::string text;
    for (const config::Key& key : config::keys()) {
        const bool single =
            key.shape == config::Key::Shape::scalar || key.shape == config::Key::Shape::scalars;
        if (single && key.path.find("[]") == std::string::npos) {
            text += "    " + key.path + "=\n";
        }
    }
    return text;
}

std::string zsh_words() {
    std::string text;
    for (const std::string& group : groups()) {
        text += "        " + described(group, group + " …") + "\n";
    }
    for (const Command& command : commands::all_commands()) {
        if (const auto [first, second] = words_of(command); second.empty()) {
            text += "        " + described(first, command.summary) + "\n";
        }
    }
    return text;
}

std::string zsh_groups() {
    std::string text;
    for (const std::string& group : groups()) {
        text += "        (" + group + ")\n            following=(\n";
        for (const Command& command : commands::all_commands()) {
            if (const auto [first, second] = words_of(command); first == group) {
                text += "                " + described(second, command.summary) + "\n";
            }
        }
        text += "            )\n            ;;\n";
    }
    return text;
}

std::string zsh_commands() {
    std::string text;
    for (const Command& command : commands::all_commands()) {
        text += "        (" + shell_word(command.name) + ")\n            _arguments -s";
        for (const Option& option : command.options) {
            for (const std::string& spec : zsh_specs(option)) {
                text += " \\\n                " + shell_word(spec);
            }
        }
        std::size_t place = 0;
        for (const Operand& operand : command.operands) {
            text += " \\\n                " + shell_word(zsh_spec(operand, ++place));
        }
        text += "\n            ;;\n";
    }
    return text;
}

}  // namespace hsmfront::reference
