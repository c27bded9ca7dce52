// FileWatch: what counts as a change.
#include "proxy/runtime/file_watch.hpp"

#include "tests/support/temp_dir.hpp"

#include <gtest/gtest.h>

namespace hsmfront::runtime {
namespace {

using hsmfront::test::write_file;

TEST(FileWatch, SeesFilesComeGoAndBecomeOthers) {
    const hsmfront::test::TempDir folder;
    const auto a = folder.path() / "a";
    const auto b = folder.path() / "b";
    write_file(a, "1");
    FileWatch watch({a, b});
    EXPECT_FALSE(watch.changed());
    write_file(b, "1");
    EXPECT_TRUE(watch.changed());
    EXPECT_FALSE(watch.changed());
    write_file(a, "12");
    EXPECT_TRUE(watch.changed());
    const auto time = std::filesystem::last_write_time(a);
    write_file(folder.path() / "c", "34");
    std::filesystem::last_write_time(folder.path() / "c", time);
    std::filesystem::rename(folder.path() / "c", a);
    EXPECT_TRUE(watch.changed()) << "another file of the same size and time";
    std::filesystem::remove(b);
    EXPECT_TRUE(watch.changed());
    EXPECT_FALSE(watch.changed());
}

TEST(FileWatch, FollowsLinks) {
    const hsmfront::test::TempDir folder;
    const auto link = folder.path() / "link";
    write_file(folder.path() / "1", "x");
    write_file(folder.path() / "2", "x");
    std::filesystem::create_symlink("1", link);
    FileWatch watch({link});
    std::filesystem::remove(link);
    std::filesystem::create_symlink("2", link);
    EXPECT_TRUE(watch.changed());
}

TEST(FileWatch, NothingNeverChanges) {
    FileWatch nothing;
    EXPECT_TRUE(nothing.empty());
    EXPECT_FALSE(nothing.changed());
}

}  // namespace
}  // namespace hsmfront::runtime
