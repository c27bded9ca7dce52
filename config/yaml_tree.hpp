// YamlTree: a YAML document as nodes that know their place, bounded in size and depth.
// yaml-cpp's own nodes drop duplicate keys and share aliased subtrees without limit; this keeps
// every key as written and refuses what could grow or loop.
#pragma once

#include "config/problem.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::config {

constexpr std::size_t max_yaml_bytes = 1U << 20;
constexpr std::size_t max_yaml_depth = 32;
constexpr std::size_t max_yaml_nodes = 20'000;  ///< with aliases written out

struct YamlNode {
    enum class Kind { null, scalar, sequence, mapping };

    Kind kind = Kind::null;
    std::string key;  ///< as written, when the parent is a mapping
    Position at;      ///< of the key where there is one
    std::string text;
    std::vector<YamlNode> children;
};

/// The single document in `text`; an empty one is null. `file` is only for positions.
/// Anchors and aliases are written out; tags and non-text keys are refused.
[[nodiscard]] boost::system::result<YamlNode, Problem> parse_yaml(
    std::string_view text, const std::string& file
);

/// ASCII lower case: how keys are compared.
[[nodiscard]] std::string lower_case(std::string_view text);

/// The first child of a mapping with this key, letter case aside; null when there is none.
[[nodiscard]] YamlNode* find_child(YamlNode& node, std::string_view key);

/// What a message says about the value found: `a list`, `a mapping`, `nothing`, `"text"`.
[[nodiscard]] std::string describe(const YamlNode& node);

}  // namespace hsmfront::config
