// Environment, spelling and rendering: the small text tools of the loader.
#include "config/environment.hpp"
#include "config/problem.hpp"
#include "config/spelling.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace hsmfront::config {
namespace {

TEST(Environment, ExpandsNames) {
    setenv("HSMFRONT_TEST_A", "x${HSMFRONT_TEST_B}", 1);
    setenv("HSMFRONT_TEST_EMPTY", "", 1);
    EXPECT_EQ(expand_environment("1${HSMFRONT_TEST_A}2", false).text, "1x${HSMFRONT_TEST_B}2");
    EXPECT_EQ(expand_environment("${HSMFRONT_TEST_EMPTY}", false).text, "");
    EXPECT_EQ(expand_environment("$HOME $$ $ {x}", false).text, "$HOME $$ $ {x}");
}

TEST(Environment, EscapesWithDoubledDollar) {
    EXPECT_EQ(expand_environment("a$${B}c", false).text, "a${B}c");
    EXPECT_EQ(expand_environment("$${", false).text, "${");
}

TEST(Environment, NamesWhatIsNotSet) {
    unsetenv("HSMFRONT_TEST_UNSET");
    EXPECT_EQ(
        expand_environment("a${HSMFRONT_TEST_UNSET}", false).error,
        "environment variable HSMFRONT_TEST_UNSET is not set"
    );
    EXPECT_EQ(
        expand_environment("${HSMFRONT_TEST_UNSET}", true).error,
        "environment variable HSMFRONT_TEST_UNSET is not set"
    );
    EXPECT_EQ(
        expand_environment("12${HSMFRONT_TEST_UNSET}", true).error,
        "environment variable is not set"
    );
}

TEST(Environment, RefusesBrokenReferences) {
    for (const char* text : {"${", "${}", "${a b}", "${1A}", "${A", "${A:-x}"}) {
        EXPECT_NE(expand_environment(text, false).error, "") << text;
    }
}

TEST(Spelling, FindsTheNearest) {
    const std::vector<std::string> known{"enabled", "hsm", "alias", "listen", "min_version"};
    EXPECT_EQ(nearest("enabld", known), "enabled");
    EXPECT_EQ(nearest("Enabeld", known), "enabled");
    EXPECT_EQ(nearest("hms", known), "hsm");
    EXPECT_EQ(nearest("minVersion", known), "min_version");
    EXPECT_EQ(nearest("min-version", known), "min_version");
    EXPECT_EQ(nearest("aliases", known), "alias");
    EXPECT_EQ(nearest("workers", known), "");
    EXPECT_EQ(nearest("", known), "");
    EXPECT_EQ(nearest(std::string(100000, 'a'), known), "");
}

TEST(Problem, RendersOneLine) {
    EXPECT_EQ(render(error_at({"f.yaml", 3, 5}, "a.b", "wrong")), "f.yaml:3:5: error: a.b: wrong");
    EXPECT_EQ(render(warning_at({"f.yaml", 0, 0}, "", "odd")), "f.yaml: warning: odd");
    EXPECT_EQ(
        render(error_at({"f", 1, 1}, "a\nb\x1b[31m", "c")), "f:1:1: error: a\\x0ab\\x1b[31m: c"
    );
    const std::vector<Problem> two{
        error_at({"f", 1, 1}, "a", "b"), warning_at({"f", 2, 1}, "c", "d")};
    EXPECT_EQ(render(two), "f:1:1: error: a: b\nf:2:1: warning: c: d\n");
    EXPECT_TRUE(has_errors(two));
    EXPECT_FALSE(has_errors(std::span{two}.subspan(1)));
}

TEST(Positions, FallBackToTheSectionAround) {
    Positions positions{"f"};
    positions.add("ftp", {"f", 2, 1});
    positions.add("ftp.listen[0]", {"f", 4, 7});
    EXPECT_EQ(positions.find("ftp.listen[0].port").line, 4);
    EXPECT_EQ(positions.find("ftp.listen[1].port").line, 2);
    EXPECT_EQ(positions.find("http.alias").line, 0);
    EXPECT_EQ(positions.find("http.alias").file, "f");
}

}  // namespace
}  // namespace hsmfront::config
