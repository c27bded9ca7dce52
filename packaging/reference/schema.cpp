#include "packaging/reference/schema.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace hsmfront::reference {
namespace {

using config::YamlNode;

const YamlNode* child(const YamlNode* node, std::string_view key) {
    if (node == nullptr) {
        return nullptr;
    }
    const auto found = std::find_if(
        node->children.begin(), node->children.end(), [key](const auto& c) { return c.key == key; }
    );
    return found == node->children.end() ? nullptr : &*found;
}

std::string text_of(const YamlNode* node) { return node == nullptr ? "" : node->text; }

}  // namespace

Schema::Schema(const std::string& file) {
    std::ostringstream text;
    text << std::ifstream{file}.rdbuf();
    auto tree = config::parse_yaml(text.str(), file);
    if (!tree) {
        throw std::runtime_error(config::render(tree.error()));
    }
    root_ = std::move(*tree);
}

const YamlNode& Schema::followed(const YamlNode& at) const {
    constexpr std::string_view prefix = "#/definitions/";
    const std::string to = text_of(child(&at, "$ref"));
    const YamlNode* const meant =
        to.starts_with(prefix)
            ? child(child(&root_, "definitions"), std::string_view(to).substr(prefix.size()))
            : nullptr;
    return meant == nullptr ? at : *meant;
}

const YamlNode* Schema::node(const std::string& path) const {
    const YamlNode* at = &root_;
    std::istringstream words(path);
    for (std::string word; at != nullptr && std::getline(words, word, '.');) {
        const bool of_elements = word.ends_with("[]");
        word.resize(word.size() - (of_elements ? 2U : 0U));
        at = child(child(&followed(*at), "properties"), word);
        if (of_elements && at != nullptr) {
            const YamlNode* const items = child(&followed(*at), "items");
            at = items != nullptr ? items : child(&followed(*at), "additionalProperties");
        }
    }
    return at;
}

std::string Schema::description(const std::string& path) const {
    const YamlNode* const at = node(path);
    if (at == nullptr) {
        return "";
    }
    const std::string own = text_of(child(at, "description"));
    return own.empty() ? text_of(child(&followed(*at), "description")) : own;
}

std::string Schema::default_value(const std::string& path) const {
    const YamlNode* const value = child(node(path), "default");
    if (value == nullptr || value->kind != YamlNode::Kind::sequence) {
        return text_of(value);
    }
    std::string items;
    for (const YamlNode& item : value->children) {
        items += (items.empty() ? "" : ", ") + item.text;
    }
    return "[" + items + "]";
}

std::string Schema::range(const std::string& path) const {
    const YamlNode* const at = node(path);
    if (at == nullptr) {
        return "";
    }
    std::vector<const YamlNode*> places{&followed(*at)};
    if (const YamlNode* const either = child(at, "oneOf")) {
        for (const YamlNode& one : either->children) {
            places.push_back(&followed(one));
        }
    }
    for (const YamlNode* const place : places) {
        const std::string least = text_of(child(place, "minimum"));
        const std::string most = text_of(child(place, "maximum"));
        if (!least.empty() && !most.empty()) {
            return least + "–" + most;
        }
    }
    return "";
}

}  // namespace hsmfront::reference
