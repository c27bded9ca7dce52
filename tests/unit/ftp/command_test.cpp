// Command and the verb table.
#include "proxy/ftp/command.hpp"

#include "proxy/ftp/verbs.hpp"

#include <gtest/gtest.h>

namespace hsmfront::ftp {
namespace {

TEST(FtpCommand, UppercasesTheVerbOnly) {
    const Command command = parse_command("sToR  Some File \xe9 ");
    EXPECT_EQ(command.verb, "STOR");
    EXPECT_EQ(command.argument(), " Some File \xe9 ");
    EXPECT_EQ(command.line, "sToR  Some File \xe9 ");
}

TEST(FtpCommand, HasNoArgumentWithoutSpace) {
    EXPECT_EQ(parse_command("NOOP").argument(), "");
    EXPECT_EQ(parse_command("NOOP ").argument(), "");
}

TEST(FtpCommand, HasNoVerbWhereThereIsNone) {
    for (const char* line :
         {"",
          " NOOP",
          "\tNOOP",
          "NO-OP",
          "1234",
          "Host: a",
          "ABCDEFGHIJKLMNOPQ",
          "NOOP\tx",
          "\xc3"}) {
        EXPECT_EQ(parse_command(line).verb, "") << line;
    }
}

TEST(FtpCommand, HidesSecretsInTheLog) {
    EXPECT_EQ(parse_command("pass geheim x").loggable(), "PASS ***");
    EXPECT_EQ(parse_command("PASS").loggable(), "PASS ***");
    EXPECT_EQ(parse_command("ACCT 4711").loggable(), "ACCT ***");
    EXPECT_EQ(parse_command(" PASS geheim").loggable(), "(no command)");
    EXPECT_EQ(parse_command("CWD a\x1b[2J").loggable(), "CWD a?[2J");
    EXPECT_EQ(parse_command("USER ann").loggable(), "USER ann");
}

TEST(FtpVerbs, KnowsDirectionOfTransfers) {
    for (const char* verb : {"STOR", "STOU", "APPE"}) {
        EXPECT_EQ(find_verb(verb).role, Role::upload) << verb;
    }
    for (const char* verb : {"RETR", "LIST", "NLST", "MLSD"}) {
        EXPECT_EQ(find_verb(verb).role, Role::download) << verb;
    }
}

TEST(FtpVerbs, ForwardsWhatItDoesNotKnow) {
    for (const char* verb : {"SIZE", "XYZZY", "SITE", "STAT", "MLST"}) {
        EXPECT_EQ(find_verb(verb).role, Role::forward) << verb;
        EXPECT_FALSE(find_verb(verb).before_tls) << verb;
    }
}

TEST(FtpVerbs, NoLoginBeforeTls) {
    for (const char* verb : {"USER", "PASS", "ACCT", "PASV", "STOR", "REIN", "ABOR"}) {
        EXPECT_FALSE(find_verb(verb).before_tls) << verb;
    }
}

}  // namespace
}  // namespace hsmfront::ftp
