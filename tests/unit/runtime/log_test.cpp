#include "proxy/runtime/log.hpp"

#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace hsmfront::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

/// close_log() leaves spdlog without a logger, as a process that ends may; the tests after do not
/// end.
class Log : public testing::Test {
  protected:
    ~Log() override { spdlog::set_default_logger(before_); }

  private:
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST_F(Log, EscapesWhatPeersSend) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    spdlog::info("user \"{}\"", "a\nb\x1b[31m");
    close_log();
    EXPECT_THAT(contents(settings.file), HasSubstr(R"(user "a\x0ab\x1b[31m")"));
}

TEST_F(Log, WritesJsonThatSurvivesQuotes) {
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

TEST_F(Log, OpensItsFileAgain) {
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

http::AccessRecord request_for(std::string_view target) {
    http::AccessRecord record;
    record.method = "GET";
    record.version = "HTTP/1.1";
    record.target = target;
    return record;
}

TEST_F(Log, WritesRequestsToAFileOfTheirOwn) {
    const test::TempDir directory;
    config::Log settings;
    settings.level = "error";
    settings.file = directory.path() / "log";
    settings.access = {directory.path() / "access", config::LogFormat::json};
    ASSERT_TRUE(open_log(settings));
    access_log()->write(request_for("/a"));
    spdlog::error("trouble");
    close_log();
    EXPECT_EQ(access_log(), nullptr);
    const std::string lines = contents(settings.access.file);
    EXPECT_THAT(lines, testing::StartsWith("{\"time\":"));
    EXPECT_THAT(lines, HasSubstr(R"("target":"/a")"));
    EXPECT_THAT(lines, testing::EndsWith("}\n"));
    EXPECT_THAT(
        contents(settings.file), testing::AllOf(HasSubstr("trouble"), Not(HasSubstr("/a")))
    );
}

TEST_F(Log, WritesRequestsWhereTheLogGoes) {
    const test::TempDir directory;
    config::Log settings;
    settings.level = "error";
    settings.format = config::LogFormat::json;
    settings.file = directory.path() / "log";
    settings.access.file = "-";
    ASSERT_TRUE(open_log(settings));
    access_log()->write(request_for("/a"));
    close_log();
    EXPECT_THAT(contents(settings.file), testing::StartsWith("- - - ["));
    EXPECT_THAT(contents(settings.file), HasSubstr("\"GET /a HTTP/1.1\""));
}

TEST_F(Log, OpensTheAccessLogAgain) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    settings.access.file = directory.path() / "access";
    ASSERT_TRUE(open_log(settings));
    std::filesystem::rename(settings.access.file, directory.path() / "access.1");
    reopen_log();
    access_log()->write(request_for("/after"));
    close_log();
    EXPECT_THAT(contents(settings.access.file), HasSubstr("/after"));
    EXPECT_EQ(contents(directory.path() / "access.1"), "");
}

TEST_F(Log, LinesOfSeveralThreadsStayWhole) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    settings.access.file = "-";
    ASSERT_TRUE(open_log(settings));
    const std::string target = "/" + std::string(6'000, 'x');
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 3; ++worker) {
        workers.emplace_back([&target] {
            for (int i = 0; i < 100; ++i) {
                access_log()->write(request_for(target));
                spdlog::info("between");
            }
        });
    }
    for (std::thread& worker : workers) {
        worker.join();
    }
    close_log();
    std::ifstream in(settings.file);
    int requests = 0;
    for (std::string line; std::getline(in, line);) {
        if (!line.ends_with("between")) {
            EXPECT_THAT(line, HasSubstr("\"GET " + target + " HTTP/1.1\" - 0 "));
            ++requests;
        }
    }
    EXPECT_EQ(requests, 300);
}

TEST_F(Log, SaysWhichFileCannotBeOpened) {
    config::Log settings;
    settings.file = "/proc/no/such/place/log";
    const auto opened = open_log(settings);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr("log.file: "));
    EXPECT_THAT(opened.error().message, HasSubstr("/proc/no/such/place"));
    settings.access.file = std::exchange(settings.file, {});
    EXPECT_THAT(open_log(settings).error().message, HasSubstr("log.access: "));
}

}  // namespace
}  // namespace hsmfront::runtime
