#include "proxy/runtime/log.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace hsmfront::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(Log, EscapesWhatPeersSend) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    spdlog::info("user \"{}\"", "a\nb\x1b[31m");
    close_log();
    EXPECT_THAT(contents(settings.file), HasSubstr(R"(user "a\x0ab\x1b[31m")"));
}

TEST(Log, WritesJsonThatSurvivesQuotes) {
    const test::TempDir directory;
    config::Log settings;
    settings.format = config::LogFormat::json;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    spdlog::warn("a \"quoted\\ word\"\n");
    close_log();
    EXPECT_THAT(
        contents(settings.file),
        HasSubstr(R"("level":"warning","message":"a \"quoted\\ word\"\u000a"})")
    );
}

TEST(Log, OpensItsFileAgain) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    spdlog::info("before");
    spdlog::default_logger()->flush();
    close_log();
    ASSERT_TRUE(open_log(settings));
    std::filesystem::rename(settings.file, directory.path() / "log.1");
    reopen_log();
    spdlog::info("after");
    close_log();
    EXPECT_THAT(contents(settings.file), HasSubstr("after"));
    EXPECT_THAT(contents(settings.file), Not(HasSubstr("before")));
    EXPECT_THAT(contents(directory.path() / "log.1"), HasSubstr("before"));
}

TEST(Log, SaysWhichFileCannotBeOpened) {
    config::Log settings;
    settings.file = "/proc/no/such/place/log";
    const auto opened = open_log(settings);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("/proc/no/such/place"));
}

}  // namespace
}  // namespace hsmfront::runtime
