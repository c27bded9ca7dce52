// Overrides: other names of keys and `--set KEY=VALUE`, worked into the tree before it is read.
#pragma once

#include "config/yaml_tree.hpp"

#include <span>
#include <string>
#include <vector>

namespace hsmfront::config {

/// Moves each synonym to the place of its key. Both given is a problem.
void adopt_synonyms(YamlNode& root, std::vector<Problem>& problems);

/// Each of `overrides` ("ftp.listen=[…]", names in any case) replaces or creates its key; a later
/// one wins. A value that begins with '[', '{' or a quote is YAML, any other is plain text.
void apply_overrides(
    YamlNode& root, std::span<const std::string> overrides, std::vector<Problem>& problems
);

}  // namespace hsmfront::config
