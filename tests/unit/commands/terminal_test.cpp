// What the commands print.
#include "proxy/commands/terminal.hpp"

#include "proxy/commands/checklist.hpp"

#include <gtest/gtest.h>

namespace hsmfront::commands {
namespace {

TEST(Terminal, ColumnsAreAsWideAsTheirContent) {
    EXPECT_EQ(
        table_text({{"ALIAS", "TYPE"}, {"m\xc3\xbcller", "EC"}, {"a", "RSA 2048"}}),
        "ALIAS   TYPE\nm\xc3\xbcller  EC\na       RSA 2048\n"
    );
}

TEST(Terminal, LabelsCannotSteerTheTerminal) {
    EXPECT_EQ(printable("a\x1b[2Jb\r\n"), "a?[2Jb??");
    EXPECT_EQ(table_text({{"a\nb"}}), "a?b\n");
}

TEST(Terminal, ProgressStaysInItsBar) {
    EXPECT_EQ(progress_bar(-1), progress_bar(0));
    EXPECT_EQ(progress_bar(2), progress_bar(1));
    EXPECT_EQ(progress_bar(0.5).size(), progress_bar(1).size());
}

TEST(Terminal, WorkThatThrowsIsHeardOf) {
    EXPECT_THROW(
        run_with_progress("x", [] { throw std::runtime_error("no"); }), std::runtime_error
    );
}

TEST(Checklist, SumsUp) {
    Checklist list;
    list.ok("a", "b");
    EXPECT_EQ(list.summary(), "all well");
    list.warn("a", "b", "c");
    EXPECT_EQ(list.summary(), "1 warning");
    EXPECT_FALSE(list.failed());
    list.fail("a", "b", "c");
    EXPECT_EQ(list.summary(), "1 failed, 1 warning");
    EXPECT_TRUE(list.failed());
}

}  // namespace
}  // namespace hsmfront::commands
