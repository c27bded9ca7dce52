// The command line: the table's own commands, and what a table of a test's making allows.
#include "proxy/commands/command_line.hpp"

#include "proxy/commands/table.hpp"

#include <gmock/gmock.h>

namespace hsmfront::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class... Words>
Request parse_words(Words... words) {
    const std::vector<const char*> list{words...};
    return parse(all_commands(), list);
}

TEST(CommandLine, ReadsConfigAndOverrides) {
    const auto request =
        parse_words("serve", "-c", "a.yaml", "--set", "Ftp.Hsm.enabled=false", "--set=workers=2");
    EXPECT_EQ(request.error, "");
    ASSERT_NE(request.command, nullptr);
    EXPECT_EQ(request.command->name, "serve");
    EXPECT_EQ(request.arguments.value("--config"), "a.yaml");
    EXPECT_THAT(
        request.arguments.values("--set"), ElementsAre("Ftp.Hsm.enabled=false", "workers=2")
    );
}

TEST(CommandLine, ReadsACommandOfTwoWordsWithOperandsAnywhere) {
    const auto request = parse_words(
        "cert", "import", "--ca", "ca.pem", "ftpd", "--no-token", "leaf.pem", "--", "-odd.pem"
    );
    EXPECT_EQ(request.error, "");
    ASSERT_NE(request.command, nullptr);
    EXPECT_EQ(request.command->name, "cert import");
    EXPECT_THAT(request.arguments.operands(), ElementsAre("ftpd", "leaf.pem", "-odd.pem"));
    EXPECT_TRUE(request.arguments.has("--no-token"));
    EXPECT_FALSE(request.arguments.has("--token"));
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
    EXPECT_THAT(parse_words("srve").error, HasSubstr("\"srve\""));
    EXPECT_THAT(parse_words("key", "lst").error, HasSubstr("\"key lst\""));
    EXPECT_THAT(parse_words("key").error, HasSubstr("another word"));
    EXPECT_THAT(parse_words("serve", "--sett", "x").error, HasSubstr("\"--sett\""));
    EXPECT_THAT(parse_words("serve", "-c").error, HasSubstr("needs a value"));
    EXPECT_THAT(parse_words("serve", "extra").error, HasSubstr("\"extra\""));
    EXPECT_THAT(parse_words().error, HasSubstr("no command"));
}

TEST(CommandLine, RefusesWhatIsMissingOrTooMuch) {
    EXPECT_THAT(parse_words("key", "generate").error, HasSubstr("ALIAS is missing"));
    EXPECT_THAT(parse_words("cert", "import", "ftpd").error, HasSubstr("FILE is missing"));
    EXPECT_THAT(parse_words("cert", "request", "ftpd").error, HasSubstr("\"--subject\""));
    EXPECT_THAT(parse_words("key", "delete", "a", "--yes=no").error, HasSubstr("takes no value"));
    EXPECT_THAT(parse_words("serve", "-c", "a", "-c", "b").error, HasSubstr("twice"));
    EXPECT_EQ(parse_words("key", "generate").command, nullptr);
}

TEST(CommandLine, HelpOfACommandNamesItsOperandsAndOptions) {
    for (const auto& request :
         {parse_words("cert", "import", "--help"), parse_words("help", "cert", "import")}) {
        EXPECT_EQ(request.command, nullptr);
        EXPECT_THAT(request.help, HasSubstr("Usage: hsmfront cert import ALIAS FILE..."));
        EXPECT_THAT(request.help, HasSubstr("--ca FILE"));
        EXPECT_THAT(request.help, HasSubstr("--set"));
    }
    EXPECT_THAT(
        parse_words("cert", "request", "-h").help, HasSubstr("request ALIAS --subject SUBJECT [OPT")
    );
}

TEST(CommandLine, HelpOfTheProgramAndOfAGroupNameTheCommands) {
    EXPECT_THAT(parse_words("--help").help, HasSubstr("key generate"));
    EXPECT_THAT(parse_words("help").help, HasSubstr("serve"));
    const auto group = parse_words("key", "--help").help;
    EXPECT_THAT(group, HasSubstr("key list"));
    EXPECT_THAT(group, testing::Not(HasSubstr("cert import")));
}

TEST(CommandLine, EveryCommandHasSummaryDescriptionAndHandler) {
    for (const Command& command : all_commands()) {
        EXPECT_NE(command.summary, "") << command.name;
        EXPECT_TRUE(command.description.ends_with('\n')) << command.name;
        EXPECT_NE(command.run, nullptr) << command.name;
    }
}

}  // namespace
}  // namespace hsmfront::commands
