// Sample and schema: both hold exactly the loader's keys, with the defaults of Settings.
#include "config/keys.hpp"
#include "config/overrides.hpp"
#include "config/yaml_reader.hpp"
#include "config/yaml_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

namespace hsmfront::config {
namespace {

using ::testing::IsEmpty;

const std::string sample_file = HSMFRONT_CONFIG_DIR "/hsmfront.yaml";
const std::string schema_file = HSMFRONT_CONFIG_DIR "/hsmfront.schema.json";

std::string content(const std::string& file) {
    std::ostringstream out;
    out << std::ifstream{file}.rdbuf();
    return out.str();
}

/// The sample with each "#key: value" line in force; prose has a blank behind the '#'.
std::string uncommented(const std::string& text) {
    std::istringstream in{text};
    std::string out;
    for (std::string line; std::getline(in, line);) {
        const auto first = line.find_first_not_of(' ');
        const bool key = first != std::string::npos && line[first] == '#' &&
                         first + 1 < line.size() && line[first + 1] != ' ';
        out += (key ? line.erase(first, 1) : line) + "\n";
    }
    return out;
}

/// A key of a layer of the TLS policy: the sample explains it once, at "tls".
bool is_of_tls_layer(const std::string& path) {
    return path.starts_with("ftp.tls.") || path.starts_with("http.tls.") ||
           path.find("[].tls.") != std::string::npos ||
           path.find(".listen[].client_certificate.") != std::string::npos;
}

std::set<std::string> without_tls_layers(std::set<std::string> paths) {
    std::erase_if(paths, is_of_tls_layer);
    return paths;
}

std::set<std::string> table_paths() {
    std::set<std::string> paths;
    for (const Key& key : keys()) {
        paths.insert(key.path);
    }
    for (const LaterKey& key : later_keys()) {
        paths.insert(key.path);
    }
    return paths;
}

/// Every key below `node` as the table writes it, with its first node.
void collect(
    const YamlNode& node, const std::string& section, std::map<std::string, YamlNode>& found
) {
    for (const YamlNode& child : node.children) {
        const std::string path = section + (section.empty() ? "" : ".") + child.key;
        if (is_section(path)) {
            collect(child, path, found);
            continue;
        }
        found.try_emplace(path, child);
        const Key* const key = find_key(path);
        if (key != nullptr && (key->shape == Key::Shape::list || key->shape == Key::Shape::map)) {
            for (const YamlNode& item : child.children) {
                collect(item, path + "[]", found);
            }
        }
    }
}

std::map<std::string, YamlNode> sample_keys(const std::string& text) {
    const auto tree = parse_yaml(text, sample_file);
    EXPECT_TRUE(tree) << render(tree.error());
    std::map<std::string, YamlNode> found;
    if (tree) {
        collect(*tree, "", found);
    }
    return found;
}

/// `node`, or what it refers to if that is a section: {"$ref": "#/definitions/name"}.
YamlNode& target(YamlNode& node, YamlNode& definitions) {
    const std::string prefix = "#/definitions/";
    YamlNode* const reference = find_child(node, "$ref");
    if (reference == nullptr || !reference->text.starts_with(prefix)) {
        return node;
    }
    YamlNode* const meant = find_child(definitions, reference->text.substr(prefix.size()));
    return meant != nullptr && find_child(*meant, "properties") != nullptr ? *meant : node;
}

/// "a.b" → properties.a.properties.b; list elements through items.
void collect_schema(
    YamlNode& at,
    const std::string& path,
    YamlNode& definitions,
    std::map<std::string, YamlNode>& found
) {
    YamlNode& node = target(at, definitions);
    YamlNode* const properties = find_child(node, "properties");
    if (!path.empty() && (properties == nullptr || !is_section(path))) {
        found.try_emplace(path, node);
    }
    if (properties != nullptr) {
        for (YamlNode& child : properties->children) {
            collect_schema(child, path + (path.empty() ? "" : ".") + child.key, definitions, found);
        }
    }
    for (const char* const of_elements : {"items", "additionalProperties"}) {
        YamlNode* const items = find_child(node, of_elements);
        YamlNode* const item_keys = items == nullptr ? nullptr : find_child(*items, "properties");
        for (std::size_t i = 0; item_keys != nullptr && i < item_keys->children.size(); ++i) {
            YamlNode& child = item_keys->children[i];
            collect_schema(child, path + "[]." + child.key, definitions, found);
        }
    }
}

std::map<std::string, YamlNode> schema_keys() {
    auto tree = parse_yaml(content(schema_file), schema_file);
    EXPECT_TRUE(tree) << render(tree.error());
    std::map<std::string, YamlNode> found;
    if (tree) {
        collect_schema(*tree, "", *find_child(*tree, "definitions"), found);
    }
    return found;
}

std::set<std::string> names(const std::map<std::string, YamlNode>& keys) {
    std::set<std::string> out;
    for (const auto& entry : keys) {
        out.insert(entry.first);
    }
    return out;
}

/// Empty when reading `value` as `key` leaves Settings at their defaults.
std::string differs_from_default(const Key& key, const YamlNode& value) {
    Settings untouched;
    untouched.ftp.listen.emplace_back();
    untouched.hsm.failover.emplace_back();
    untouched.http.routes.emplace_back();
    Settings settings = untouched;
    std::vector<std::string> values;
    if (value.kind == YamlNode::Kind::scalar) {
        values.push_back(value.text);
    }
    for (const YamlNode& item : value.children) {
        values.push_back(item.text);
    }
    if (values.empty() && key.shape == Key::Shape::scalar) {
        return "no value";
    }
    if (std::string error = key.read(settings, values); !error.empty()) {
        return error;
    }
    return settings == untouched ? "" : "not the default";
}

TEST(Sample, HoldsEveryKeyAndNoOther) {
    const auto shown = names(sample_keys(uncommented(content(sample_file))));
    EXPECT_EQ(without_tls_layers(shown), without_tls_layers(table_paths()));
    EXPECT_TRUE(shown.contains("ftp.tls.profile"));
}

TEST(Sample, LoadsWithoutAProblem) {
    const LoadResult result = load(sample_file);
    EXPECT_THAT(result.problems, IsEmpty()) << render(result.problems);
}

TEST(Sample, CommentedKeysAreValidToo) {
    const LoadResult result = load_text(uncommented(content(sample_file)), sample_file);
    // The four sources of a PIN exclude each other, twice, and so do backend and backends; nothing
    // else may be wrong.
    EXPECT_EQ(result.problems.size(), 7U) << render(result.problems);
    for (const Problem& problem : result.problems) {
        EXPECT_TRUE(problem.key.find("pin.") != std::string::npos || problem.key == "http.backends")
            << render(problem);
    }
}

TEST(Sample, ShowsTheDefaults) {
    const auto active = sample_keys(content(sample_file));
    for (const Key& key : keys()) {
        if (key.has_default) {
            const auto found = active.find(key.path);
            ASSERT_NE(found, active.end()) << key.path;
            EXPECT_EQ(differs_from_default(key, found->second), "") << key.path;
        }
    }
}

TEST(Sample, LoaderSurvivesItMutated) {
    const std::string text = content(sample_file);
    const std::string bytes = "{}[]:,-?&*'\"$#\n\t a0";
    std::mt19937 random{1};
    for (int round = 0; round < 100; ++round) {
        std::string mutated = text;
        for (int i = 0; i < 4; ++i) {
            mutated[random() % mutated.size()] = bytes[random() % bytes.size()];
        }
        for (const Problem& problem : load_text(mutated, sample_file).problems) {
            EXPECT_FALSE(problem.message.empty());
        }
    }
}

TEST(Schema, HoldsEveryKeyAndNoOther) { EXPECT_EQ(names(schema_keys()), table_paths()); }

TEST(Schema, HasTheDefaults) {
    auto found = schema_keys();
    for (const Key& key : keys()) {
        YamlNode* const value = find_child(found[key.path], "default");
        EXPECT_TRUE(value != nullptr || !key.has_default) << key.path;
        if (value != nullptr) {
            EXPECT_EQ(differs_from_default(key, *value), "") << key.path;
        }
    }
}

TEST(Schema, NamesLaterKeysAsSuch) {
    auto found = schema_keys();
    for (const LaterKey& key : later_keys()) {
        YamlNode* const text = find_child(found[key.path], "description");
        ASSERT_NE(text, nullptr) << key.path;
        EXPECT_EQ(text->text, "Not available in this version.") << key.path;
    }
}

TEST(Keys, TableIsSound) {
    std::set<std::string> seen;
    for (const Key& key : keys()) {
        EXPECT_TRUE(seen.insert(key.path).second) << key.path;
        EXPECT_EQ(key.path, lower_case(key.path));
        EXPECT_FALSE(is_section(key.path)) << key.path;
        EXPECT_TRUE(key.read) << key.path;
    }
    for (const Synonym& synonym : synonyms()) {
        EXPECT_NE(find_key(synonym.key), nullptr) << synonym.key;
        EXPECT_EQ(find_key(synonym.path), nullptr) << synonym.path;
    }
}

}  // namespace
}  // namespace hsmfront::config
