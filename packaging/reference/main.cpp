// Writes a man page or a completion: hsmfront_reference TEMPLATE SCHEMA VERSION OUTPUT.
// A line "@NAME@" in the template stands for a part; "@VERSION@" may stand anywhere.
#include "packaging/reference/parts.hpp"

#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <span>
#include <stdexcept>

namespace hsmfront::reference {
namespace {

using Part = std::function<std::string(const Schema&)>;

const std::map<std::string, Part>& parts() {
    static const std::map<std::string, Part> table{
        {"@COMMANDS@", [](const Schema&) { return command_sections(); }},
        {"@COMMON_OPTIONS@", [](const Schema&) { return common_options(); }},
        {"@KEYS@", [](const Schema& schema) { return key_sections(schema); }},
        {"@SYNONYMS@", [](const Schema&) { return key_synonyms(); }},
        {"@BASH_WORDS@", [](const Schema&) { return bash_words(); }},
        {"@BASH_GROUPS@", [](const Schema&) { return bash_groups(); }},
        {"@BASH_COMMANDS@", [](const Schema&) { return bash_commands(); }},
        {"@BASH_KEYS@", [](const Schema&) { return bash_keys(); }},
        {"@ZSH_WORDS@", [](const Schema&) { return zsh_words(); }},
        {"@ZSH_GROUPS@", [](const Schema&) { return zsh_groups(); }},
        {"@ZSH_COMMANDS@", [](const Schema&) { return zsh_commands(); }},
    };
    return table;
}

std::string filled(std::istream& form, const Schema& schema, const std::string& version) {
    const std::string version_mark = "@VERSION@";
    std::string text;
    for (std::string line; std::getline(form, line);) {
        if (const auto part = parts().find(line); part != parts().end()) {
            text += part->second(schema);
            continue;
        }
        if (const auto at = line.find(version_mark); at != std::string::npos) {
            line.replace(at, version_mark.size(), version);
        }
        if (line.starts_with('@')) {
            throw std::runtime_error("unknown part " + line);
        }
        text += line + "\n";
    }
    return text;
}

int run(std::span<char*> words) {
    if (words.size() != 5) {
        std::cerr << "usage: hsmfront_reference TEMPLATE SCHEMA VERSION OUTPUT\n";
        return 2;
    }
    std::ifstream form(words[1]);
    if (!form) {
        throw std::runtime_error(std::string("cannot read ") + words[1]);
    }
    const std::string text = filled(form, Schema(words[2]), words[3]);
    std::ofstream out(words[4]);
    if (!(out << text) || !out.flush()) {
        throw std::runtime_error(std::string("cannot write ") + words[4]);
    }
    return 0;
}

}  // namespace
}  // namespace hsmfront::reference

int main(int argc, char** argv) {
    try {
        return hsmfront::reference::run({argv, static_cast<std::size_t>(argc)});
    } catch (const std::exception& error) {
        std::cerr << "hsmfront_reference: " << error.what() << '\n';
        return 1;
    }
}
