// Overrides: paths into the tree, synonyms, command line values.
#include "config/overrides.hpp"

#include "config/keys.hpp"

#include <algorithm>
#include <optional>

namespace hsmfront::config {
namespace {

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> names;
    while (true) {
        const auto dot = path.find('.');
        names.emplace_back(path.substr(0, dot));
        if (dot == std::string_view::npos) {
            return names;
        }
        path.remove_prefix(dot + 1);
    }
}

std::string parent_of(std::string_view path) {
    const auto dot = path.rfind('.');
    return std::string{dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot)};
}

YamlNode* find_path(YamlNode& root, std::string_view path) {
    YamlNode* node = &root;
    if (path.empty()) {
        return node;
    }
    for (const std::string& name : split(path)) {
        node = node->kind == YamlNode::Kind::mapping ? find_child(*node, name) : nullptr;
        if (node == nullptr) {
            return nullptr;
        }
    }
    return node;
}

/// Puts `value` at `path`, making sections on the way. False: something else is in the way.
bool put(YamlNode& root, std::string_view path, YamlNode value) {
    YamlNode* node = &root;
    for (const std::string& name : split(path)) {
        if (node->kind == YamlNode::Kind::null) {
            node->kind = YamlNode::Kind::mapping;
        }
        if (node->kind != YamlNode::Kind::mapping) {
            return false;
        }
        YamlNode* child = find_child(*node, name);
        if (child == nullptr) {
            YamlNode fresh;
            fresh.key = name;
            fresh.at = value.at;
            child = &node->children.emplace_back(std::move(fresh));
        }
        node = child;
    }
    value.key = node->key;
    *node = std::move(value);
    return true;
}

YamlNode take(YamlNode& parent, std::string_view name) {
    const std::string wanted = lower_case(name);
    const auto found = std::find_if(
        parent.children.begin(),
        parent.children.end(),
        [&wanted](const YamlNode& child) { return lower_case(child.key) == wanted; }
    );
    YamlNode taken = std::move(*found);
    parent.children.erase(found);
    return taken;
}

void adopt(YamlNode& root, const Synonym& synonym, std::vector<Problem>& problems) {
    const YamlNode* const old = find_path(root, synonym.path);
    if (old == nullptr) {
        return;
    }
    if (find_path(root, synonym.key) != nullptr) {
        problems.push_back(error_at(
            old->at, synonym.path, "is another name of " + synonym.key + ", which is given too"
        ));
    }
    const std::string section = parent_of(synonym.path);
    YamlNode* const parent = find_path(root, section);
    YamlNode value = take(*parent, old->key);
    if (parent->children.empty() && !is_section(section)) {
        YamlNode* const above = find_path(root, parent_of(section));
        take(*above, parent->key);
    }
    if (find_path(root, synonym.key) == nullptr) {
        put(root, synonym.key, std::move(value));
    }
}

std::string canonical(std::string_view path) {
    std::string lower = lower_case(path);
    for (const Synonym& synonym : synonyms()) {
        if (synonym.path == lower) {
            return synonym.key;
        }
    }
    return lower;
}

/// The override as messages show it: the value only where it cannot hold the PIN.
std::string label(const std::string& key, const std::string& path, const std::string& value) {
    const Key* const known = find_key(path);
    const bool harmless = known != nullptr ? !known->secret
                                           : find_later_key(path) != nullptr ||
                                                 (is_section(path) && !path.starts_with("hsm"));
    return "--set " + key + "=" + (harmless ? value : "***");
}

void place_at(YamlNode& node, const Position& at) {
    node.at = at;
    for (YamlNode& child : node.children) {
        place_at(child, at);
    }
}

std::optional<YamlNode> parse_value(
    const std::string& value, const Position& at, std::vector<Problem>& problems
) {
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.text = value;
    if (!value.empty() && std::string_view{"[{\"'"}.find(value.front()) != std::string_view::npos) {
        auto parsed = parse_yaml(value, at.file);
        if (!parsed) {
            problems.push_back(error_at(at, "", parsed.error().message));
            return std::nullopt;
        }
        node = std::move(*parsed);
    }
    place_at(node, at);
    return node;
}

bool is_path(std::string_view key) {
    const auto names = split(key);
    return std::none_of(names.begin(), names.end(), [](const std::string& name) {
        return name.empty() || name.find_first_of("[] \t") != std::string::npos;
    });
}

void apply(YamlNode& root, const std::string& text, std::vector<Problem>& problems) {
    const auto equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (equals == std::string::npos || !is_path(key)) {
        // What was typed may hold the PIN: only what looks like the key is repeated.
        const auto end =
            key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.");
        problems.push_back(error_at(
            {"--set " + key.substr(0, end), 0, 0},
            "",
            "expected KEY=VALUE such as ftp.hsm.enabled=false; a list is set as a whole: "
            "ftp.alias=[a, b]"
        ));
        return;
    }
    const std::string path = canonical(key);
    const std::string given = text.substr(equals + 1);
    const Position at{label(key, path, given), 0, 0};
    if (path == "hsm.pin.value") {
        problems.push_back(warning_at(
            at, path, "every user of this machine can read a command line; use hsm.pin.file"
        ));
    }
    auto value = parse_value(given, at, problems);
    if (!value) {
        return;
    }
    // An unknown key keeps its spelling for the message about it.
    if (!put(root, find_key(path) != nullptr ? path : key, std::move(*value))) {
        problems.push_back(
            error_at(at, path, "a section above this key is a list or a single value in the file")
        );
    }
}

}  // namespace

void adopt_synonyms(YamlNode& root, std::vector<Problem>& problems) {
    for (const Synonym& synonym : synonyms()) {
        adopt(root, synonym, problems);
    }
}

void apply_overrides(
    YamlNode& root, std::span<const std::string> overrides, std::vector<Problem>& problems
) {
    for (const std::string& text : overrides) {
        apply(root, text, problems);
    }
}

}  // namespace hsmfront::config
