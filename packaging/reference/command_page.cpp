// Parts of hsmfront(8).
#include "packaging/reference/parts.hpp"
#include "packaging/reference/text.hpp"
#include "proxy/commands/table.hpp"

#include <algorithm>

namespace hsmfront::reference {
namespace {

using commands::Command;
using commands::Option;

bool is_common(const Option& option) {
    const auto all = commands::all_commands();
    return std::all_of(all.begin(), all.end(), [&option](const Command& command) {
        return std::any_of(
            command.options.begin(),
            command.options.end(),
            [&option](const Option& other) { return other.name == option.name; }
        );
    });
}

std::string entry(const Option& option) {
    std::string text = ".TP\n";
    if (option.letter != 0) {
        text += bold(std::string("-") + option.letter) + ", ";
    }
    text += bold(option.name);
    text += option.value.empty() ? "" : " " + italic(option.value);
    return text + "\n" + roff_paragraphs(option.help);
}

/// "key generate ALIAS [OPTIONS]", from the first line of the command's help.
std::string usage(const Command& command) {
    const std::string help = commands::help_of(command);
    const std::string prefix = "Usage: hsmfront ";
    return help.substr(prefix.size(), help.find('\n') - prefix.size());
}

}  // namespace

std::string command_sections() {
    std::string text;
    for (const Command& command : commands::all_commands()) {
        text += ".SS " + roff(usage(command)) + "\n" + roff_paragraphs(command.description);
        for (const Option& option : command.options) {
            text += is_common(option) ? "" : entry(option);
        }
    }
    return text;
}

std::string common_options() {
    std::string text;
    for (const Option& option : commands::all_commands().front().options) {
        text += is_common(option) ? entry(option) : "";
    }
    return text;
}

}  // namespace hsmfront::reference
