// The parts of the man pages and completions that are made from the program's own tables.
#pragma once

#include "packaging/reference/schema.hpp"

#include <string>

namespace hsmfront::reference {

/// For hsmfront(8): each command with its own options, and the options that all of them take.
[[nodiscard]] std::string command_sections();
[[nodiscard]] std::string common_options();

/// For hsmfront.yaml(5): each key with what it expects, its default and its meaning.
[[nodiscard]] std::string key_sections(const Schema& schema);
[[nodiscard]] std::string key_synonyms();

/// For the completions: words in first place; in second place behind a word; what a command takes.
[[nodiscard]] std::string bash_words();
[[nodiscard]] std::string bash_groups();
[[nodiscard]] std::string bash_commands();
[[nodiscard]] std::string bash_keys();
[[nodiscard]] std::string zsh_words();
[[nodiscard]] std::string zsh_groups();
[[nodiscard]] std::string zsh_commands();

}  // namespace hsmfront::reference
