#include "proxy/runtime/log.hpp"

#include "proxy/log/component.hpp"
#include "tests/support/temp_dir.hpp"

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
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

/// close_log() leaves components mute, as a process that ends may; the tests after do not end.
class Log : public testing::Test {
  protected:
    ~Log() override {
        close_log();
        spdlog::set_default_logger(before_);
        for (log::Component* component : log::components) {
            component->set_level(log::Level::info);
        }
    }

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
    log::runtime.info("user \"{}\"", "a\nb\x1b[31m");
    close_log();
    EXPECT_THAT(contents(settings.file), HasSubstr(R"(user "a\x0ab\x1b[31m")"));
}

TEST_F(Log, WritesJsonThatSurvivesQuotes) {
    const test::TempDir directory;
    config::Log settings;
    settings.format = config::LogFormat::json;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    log::runtime.warn("a \"quoted\\ word\"\n");
    close_log();
    EXPECT_THAT(
        contents(settings.file),
        HasSubstr(
            R"("level":"warning","component":"runtime","message":"a \"quoted\\ word\"\u000a"})"
        )
    );
}

TEST_F(Log, OpensItsFileAgain) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    log::runtime.info("before");
    close_log();
    ASSERT_TRUE(open_log(settings));
    std::filesystem::rename(settings.file, directory.path() / "log.1");
    reopen_log();
    log::runtime.info("after");
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
    log::runtime.error("trouble");
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
    settings.repeats.count = 0;
    settings.file = directory.path() / "log";
    settings.access.file = "-";
    ASSERT_TRUE(open_log(settings));
    const std::string target = "/" + std::string(6'000, 'x');
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 3; ++worker) {
        workers.emplace_back([&target] {
            for (int i = 0; i < 100; ++i) {
                access_log()->write(request_for(target));
                log::runtime.info("between");
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

TEST_F(Log, LevelsAreThoseOfComponents) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    settings.level = "warn";
    settings.levels = {{"ftp", "debug"}, {"hsm", "error"}};
    ASSERT_TRUE(open_log(settings));
    log::ftp.debug("a");
    log::ftp.trace("b");
    log::hsm.warn("c");
    log::net.info("d");
    log::net.warn("e");
    close_log();
    const std::string lines = contents(settings.file);
    EXPECT_THAT(lines, testing::AllOf(HasSubstr(" debug ftp: a\n"), HasSubstr(" net: e\n")));
    EXPECT_THAT(lines, Not(testing::ContainsRegex(": [bcd]\n")));
}

/// Applies `settings` to the log in use.
void change(const config::Log& settings) {
    auto prepared = LogChange::prepare(settings);
    ASSERT_TRUE(prepared) << prepared.error().message;
    prepared->apply();
}

TEST_F(Log, LosesNoLineWhenItChanges) {
    const test::TempDir directory;
    config::Log settings;
    settings.repeats.count = 0;
    settings.file = directory.path() / "log.0";
    ASSERT_TRUE(open_log(settings));
    std::atomic<bool> done = false;
    int said = 0;
    std::thread worker([&] {
        for (; !done; ++said) {
            log::ftp.warn("line");
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
    });
    for (int i = 1; i < 40; ++i) {
        settings.file = directory.path() / ("log." + std::to_string(i));
        settings.format = i % 2 == 0 ? config::LogFormat::text : config::LogFormat::json;
        change(settings);
    }
    done = true;
    worker.join();
    EXPECT_EQ(dropped_lines(), 0U);
    close_log();
    int written = 0;
    for (int i = 0; i < 40; ++i) {
        std::ifstream in(directory.path() / ("log." + std::to_string(i)));
        for (std::string line; std::getline(in, line); ++written) {
            EXPECT_EQ(line.front() == '{', i % 2 == 1) << i << ": " << line;
        }
    }
    EXPECT_EQ(written, said);
}

TEST_F(Log, ChangesTheAccessLogOfOpenConnections) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    EXPECT_EQ(access_log(), nullptr);
    settings.access = {directory.path() / "first", config::LogFormat::text};
    change(settings);
    const auto connection = access_log();
    ASSERT_NE(connection, nullptr);
    connection->write(request_for("/1"));
    settings.access = {directory.path() / "second", config::LogFormat::json};
    change(settings);
    connection->write(request_for("/2"));
    settings.access = {"-", config::LogFormat::text};
    change(settings);
    connection->write(request_for("/3"));
    settings.access = {};
    change(settings);
    connection->write(request_for("/4"));
    EXPECT_EQ(access_log(), nullptr);
    EXPECT_EQ(dropped_lines(), 0U);
    close_log();
    const std::string all = contents(directory.path() / "first") +
                            contents(directory.path() / "second") + contents(settings.file);
    EXPECT_THAT(all, HasSubstr("/3"));
    EXPECT_THAT(all, Not(HasSubstr("/4")));
}

TEST_F(Log, StaysAsItIsWhenItCannotChange) {
    const test::TempDir directory;
    config::Log settings;
    settings.file = directory.path() / "log";
    ASSERT_TRUE(open_log(settings));
    config::Log next = settings;
    next.level = "error";
    next.access.file = "/proc/no/such/place/log";
    EXPECT_THAT(LogChange::prepare(next).error().message, HasSubstr("log.access: "));
    log::ftp.info("still here");
    close_log();
    EXPECT_THAT(contents(settings.file), HasSubstr("still here"));
}

TEST_F(Log, CountsLinesThatTheDiskDidNotTake) {
    config::Log settings;
    settings.file = "/dev/full";
    testing::internal::CaptureStderr();
    ASSERT_TRUE(open_log(settings));
    for (int i = 0; i < 3; ++i) {
        log::ftp.info("lost");
    }
    while (dropped_lines() != 3) {
        std::this_thread::yield();
    }
    EXPECT_EQ(
        testing::internal::GetCapturedStderr(),
        "hsmfront: log.file /dev/full cannot be written, lines are lost and counted: No space left "
        "on device\n"
    );
}

TEST(LogFiles, AreThoseWithAPath) {
    config::Log settings;
    settings.access.file = "-";
    EXPECT_THAT(log_files(settings), testing::IsEmpty());
    settings.file = config::to_syslog;
    settings.access.file = "/a";
    EXPECT_THAT(log_files(settings), testing::ElementsAre("/a"));
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
