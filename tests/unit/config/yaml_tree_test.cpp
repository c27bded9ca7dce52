// YamlTree: places, refusals, and documents made to hurt.
#include "config/yaml_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace hsmfront::config {
namespace {

using ::testing::HasSubstr;

std::string failure(const std::string& text) {
    const auto tree = parse_yaml(text, "f");
    return tree ? "" : render(tree.error());
}

TEST(YamlTree, KeepsPlaces) {
    auto tree = parse_yaml("a:\n  B: [x, y]\n", "f");
    ASSERT_TRUE(tree);
    YamlNode* const a = find_child(*tree, "A");
    ASSERT_NE(a, nullptr);
    YamlNode* const b = find_child(*a, "b");
    ASSERT_NE(b, nullptr);
    EXPECT_EQ(b->key, "B");
    EXPECT_EQ(b->at.line, 2);
    EXPECT_EQ(b->at.column, 3);
    ASSERT_EQ(b->children.size(), 2U);
    EXPECT_EQ(b->children[1].text, "y");
    EXPECT_EQ(b->children[1].at.column, 10);
}

TEST(YamlTree, EmptyDocumentsAreNull) {
    for (const char* text : {"", "\n", "# only a comment\n", "---\n", "~"}) {
        const auto tree = parse_yaml(text, "f");
        ASSERT_TRUE(tree) << text;
        EXPECT_EQ(tree->kind, YamlNode::Kind::null) << text;
    }
}

TEST(YamlTree, KeepsDuplicateKeys) {
    EXPECT_EQ(parse_yaml("a: 1\na: 2\n", "f")->children.size(), 2U);
}

TEST(YamlTree, SyntaxErrorsHavePlaces) {
    EXPECT_THAT(failure("a: [1, 2\nb: 3\n"), HasSubstr("f:2:"));
    EXPECT_THAT(failure("a: \"x\nb: 1\n\n"), HasSubstr("not valid YAML"));
    EXPECT_THAT(failure("a: 'x\nb: 1\n"), HasSubstr("not valid YAML"));
    EXPECT_THAT(failure("a:\n\tb: 1\n"), HasSubstr("f:2:"));
    EXPECT_THAT(failure("a: 1\n  b: 2\n"), HasSubstr("f:2:"));
}

TEST(YamlTree, WritesAliasesOut) {
    auto tree = parse_yaml("a: &x {p: 1}\nb: *x\n", "f");
    ASSERT_TRUE(tree);
    YamlNode* const b = find_child(*tree, "b");
    ASSERT_EQ(b->children.size(), 1U);
    EXPECT_EQ(b->children[0].text, "1");
    EXPECT_EQ(b->at.line, 2);
}

TEST(YamlTree, RefusesWhatItDoesNotSupport) {
    EXPECT_THAT(failure("a: *nowhere\n"), HasSubstr("f:1:4: error: not valid YAML"));
    EXPECT_THAT(failure("a: &x [*x]\n"), HasSubstr("inside what it names"));
    EXPECT_THAT(failure("? [a, b]\n: c\n"), HasSubstr("a key must be plain text"));
    EXPECT_THAT(failure("~: c\n"), HasSubstr("a key must be plain text"));
    EXPECT_THAT(failure("a: 1\n---\nb: 2\n"), HasSubstr("only one YAML document"));
    EXPECT_THAT(failure("a: !!binary aGk=\n"), HasSubstr("tags"));
    EXPECT_THAT(failure("a: !x {b: 1}\n"), HasSubstr("tags"));
}

TEST(YamlTree, RefusesControlCharacters) {
    // yaml-cpp would take 0x04 for the end of the file.
    EXPECT_THAT(failure("a: 1\nb:\x04 2\n"), HasSubstr("f:2:3: error: control character"));
    EXPECT_THAT(failure(std::string("a\0b", 3)), HasSubstr("control character"));
}

TEST(YamlTree, BoundsDepth) {
    EXPECT_THAT(failure("a: " + std::string(100'000, '[')), HasSubstr("nested deeper"));
    EXPECT_THAT(failure(std::string(100'000, '{')), HasSubstr("nested deeper"));
    std::string steps;
    for (std::size_t i = 0; i < 200; ++i) {
        steps += std::string(i, ' ') + "a:\n";
    }
    EXPECT_THAT(failure(steps), HasSubstr("nested deeper"));
    EXPECT_THAT(failure(std::string(100'000, '-')), ::testing::Not(HasSubstr("nested deeper")));
}

TEST(YamlTree, BoundsSize) {
    EXPECT_THAT(failure("#" + std::string(max_yaml_bytes, 'x')), HasSubstr("larger than 1 MiB"));
    std::string many = "a: [";
    for (std::size_t i = 0; i < max_yaml_nodes; ++i) {
        many += "1,";
    }
    EXPECT_THAT(failure(many + "]"), HasSubstr("more than 20000 values"));
}

TEST(YamlTree, BoundsAliasBombs) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string before = "*a" + std::to_string(i - 1);
        std::string line = "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
        for (int j = 0; j < 9; ++j) {
            line += ", " + before;
        }
        bomb += line + "]\n";
    }
    EXPECT_THAT(failure(bomb), HasSubstr("more than 20000 values"));
}

TEST(YamlTree, SurvivesMutatedText) {
    const std::string text = "a: &x {b: [1, \"two\", 'three']}\nc: |\n  text\nd: *x\n? e\n: f\n";
    const std::string bytes = "{}[]:,-?&*!|>'\"%@`#\n\t \xff\x80~";
    std::mt19937 random{1};
    for (int round = 0; round < 2'000; ++round) {
        std::string mutated = text;
        for (int i = 0; i < 3; ++i) {
            mutated[random() % mutated.size()] = bytes[random() % bytes.size()];
        }
        (void)parse_yaml(mutated, "f");
    }
}

}  // namespace
}  // namespace hsmfront::config
