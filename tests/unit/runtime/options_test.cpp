#include "proxy/runtime/options.hpp"

#include <gmock/gmock.h>

namespace hsmfront::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class... Words>
Options parse(Words... words) {
    const char* const argv[] = {"hsmfront", words...};
    return parse_options(static_cast<int>(1 + sizeof...(words)), argv);
}

TEST(Options, ReadsConfigAndOverrides) {
    const auto options =
        parse("serve", "-c", "a.yaml", "--set", "Ftp.Hsm.enabled=false", "--set=workers=2");
    EXPECT_EQ(options.error, "");
    EXPECT_EQ(options.command, Options::Command::serve);
    EXPECT_EQ(options.config, "a.yaml");
    EXPECT_THAT(options.overrides, ElementsAre("Ftp.Hsm.enabled=false", "workers=2"));
}

TEST(Options, RefusesWhatItDoesNotKnow) {
    EXPECT_THAT(parse("srve").error, HasSubstr("\"srve\""));
    EXPECT_THAT(parse("serve", "--sett", "x").error, HasSubstr("\"--sett\""));
    EXPECT_THAT(parse("serve", "-c").error, HasSubstr("needs a value"));
    EXPECT_THAT(parse().error, HasSubstr("no command"));
}

TEST(Options, HelpOfACommandNamesItsOptions) {
    const auto options = parse("check", "--help");
    EXPECT_EQ(options.command, Options::Command::help);
    EXPECT_THAT(options.help, HasSubstr("hsmfront check"));
    EXPECT_THAT(options.help, HasSubstr("--set"));
}

TEST(Options, HelpOfTheProgramNamesTheCommands) {
    EXPECT_THAT(parse("--help").help, HasSubstr("serve"));
    EXPECT_EQ(parse("--version").command, Options::Command::version);
}

}  // namespace
}  // namespace hsmfront::runtime
