// Target: files and standard error.
#include "proxy/log/target.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hsmfront::log {
namespace {

using test::read_file;

TEST(FileTarget, AppendsLines) {
    const test::TempDir directory;
    const auto file = directory.path() / "deep" / "log";
    for (const char* text : {"one", "two"}) {
        const auto target = open_file(file, "log.file");
        ASSERT_NE(target, nullptr);
        EXPECT_EQ(target->write({Level::info, "ftp", text}), 0);
    }
    EXPECT_EQ(read_file(file), "one\ntwo\n");
}

TEST(FileTarget, SaysWhyItCannotBeOpened) {
    EXPECT_EQ(open_file("/proc/no/such/place/log", "log.file"), nullptr);
    EXPECT_EQ(errno, ENOENT);
}

TEST(FileTarget, GoesOnInANewFileOnceItIsReopened) {
    const test::TempDir directory;
    const auto file = directory.path() / "log";
    const auto target = open_file(file, "log.file");
    EXPECT_EQ(target->write({Level::info, "ftp", "one"}), 0);
    std::filesystem::rename(file, directory.path() / "log.1");
    EXPECT_EQ(target->write({Level::info, "ftp", "two"}), 0);
    EXPECT_EQ(target->reopen(), 0);
    EXPECT_EQ(target->write({Level::info, "ftp", "three"}), 0);
    EXPECT_EQ(read_file(directory.path() / "log.1"), "one\ntwo\n");
    EXPECT_EQ(read_file(file), "three\n");
}

TEST(FileTarget, StaysOpenIfItCannotBeReopened) {
    const test::TempDir directory;
    const auto folder = directory.path() / "logs";
    const auto target = open_file(folder / "log", "log.file");
    std::filesystem::rename(folder, directory.path() / "old");
    EXPECT_EQ(target->reopen(), ENOENT);
    EXPECT_EQ(target->write({Level::info, "ftp", "one"}), 0);
    EXPECT_EQ(read_file(directory.path() / "old" / "log"), "one\n");
}

TEST(FileTarget, SaysThatTheDiskIsFull) {
    const auto target = open_file("/dev/full", "log.file");
    ASSERT_NE(target, nullptr);
    EXPECT_EQ(target->write({Level::info, "ftp", "one"}), ENOSPC);
}

/// What files may grow to, for as long as it lives; beyond it write(2) is cut off and then fails.
class SizeLimit {
  public:
    explicit SizeLimit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~SizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

  private:
    rlimit before_{};
    void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

TEST(FileTarget, EndsALineThatWasCutOffBeforeTheNext) {
    const test::TempDir directory;
    const auto file = directory.path() / "log";
    const auto target = open_file(file, "log.file");
    {
        const SizeLimit limit(10);
        EXPECT_EQ(target->write({Level::info, "ftp", "one"}), 0);
        EXPECT_EQ(target->write({Level::info, "ftp", "0123456789"}), EFBIG);
        EXPECT_EQ(target->write({Level::info, "ftp", "lost"}), EFBIG);
    }
    EXPECT_EQ(target->write({Level::info, "ftp", "two"}), 0);
    EXPECT_EQ(target->write({Level::info, "ftp", "three"}), 0);
    EXPECT_EQ(read_file(file), "one\n012345\ntwo\nthree\n");
}

class StderrTarget : public testing::Test {
  protected:
    ~StderrTarget() override { ::unsetenv("JOURNAL_STREAM"); }

    /// What standard error gets, with $JOURNAL_STREAM naming it, moved by `inodes`.
    static std::string written(Level level, ino_t inodes) {
        testing::internal::CaptureStderr();
        struct stat now {};
        ::fstat(STDERR_FILENO, &now);
        const auto stream = fmt::format("{}:{}", now.st_dev, now.st_ino + inodes);
        ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
        EXPECT_EQ(open_stderr()->write({level, "ftp", "hello"}), 0);
        return testing::internal::GetCapturedStderr();
    }
};

TEST_F(StderrTarget, TellsTheJournalTheLevel) {
    EXPECT_EQ(written(Level::err, 0), "<3>hello\n");
    EXPECT_EQ(written(Level::debug, 0), "<7>hello\n");
}

TEST_F(StderrTarget, IsPlainIfItWasRedirectedSince) {
    EXPECT_EQ(written(Level::err, 1), "hello\n");
}

}  // namespace
}  // namespace hsmfront::log
