#include "proxy/log/component.hpp"

#include "config/settings.hpp"
#include "proxy/log/limiter.hpp"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

namespace hsmfront::log {
namespace {

class ComponentTest : public testing::Test {
  protected:
    ComponentTest() {
        auto logger = std::make_shared<spdlog::logger>(
            "test", std::make_shared<spdlog::sinks::ostream_sink_st>(out_)
        );
        logger->set_level(spdlog::level::trace);
        logger->set_pattern("%l %v");
        spdlog::set_default_logger(std::move(logger));
    }
    ~ComponentTest() override {
        ftp.set_level(Level::info);
        limiter().set({0, std::chrono::seconds(1)});
        spdlog::set_default_logger(before_);
    }

    std::string lines() { return std::exchange(out_, std::ostringstream()).str(); }

    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
    std::ostringstream out_;
};

TEST_F(ComponentTest, AreThoseOfTheConfiguration) {
    std::vector<std::string> names;
    for (const Component* component : components) {
        names.emplace_back(component->name());
    }
    EXPECT_THAT(names, testing::ElementsAreArray(config::Log::components));
}

TEST_F(ComponentTest, HasALevelOfItsOwn) {
    ftp.set_level(Level::debug);
    ftp.debug("a {}", 1);
    ftp.trace("b");
    http.debug("c");
    http.info("d");
    EXPECT_EQ(lines(), "debug a 1\ninfo d\n");
}

TEST_F(ComponentTest, BeginsALineOfASessionWithItsId) {
    Session(ftp, 17, "192.0.2.1").warn("refused {}", "x");
    EXPECT_EQ(lines(), "warning session 17 refused x\n");
}

TEST_F(ComponentTest, HoldsBackRepeatsButNoRecords) {
    limiter().set({2, std::chrono::hours(1)});
    for (int i = 0; i < 5; ++i) {
        const Session session(ftp, 20 + static_cast<std::uint64_t>(i), "192.0.2.1");
        session.warn("refused {}", i);
        session.record("served {}", i);
        session.end(false, "over {}", i);
    }
    const std::string said = lines();
    EXPECT_THAT(said, testing::HasSubstr("session 21 refused 1"));
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("refused 2")));
    EXPECT_THAT(said, testing::HasSubstr("session 24 served 4"));
    EXPECT_THAT(said, testing::Not(testing::HasSubstr("over 2")));
    tell_repeats();
    EXPECT_THAT(
        lines(), testing::HasSubstr("warning 3 more lines like \"refused ...\" within 10 s")
    );
}

TEST_F(ComponentTest, HoldsNoTracesBack) {
    limiter().set({1, std::chrono::hours(1)});
    ftp.set_level(Level::trace);
    for (int i = 0; i < 3; ++i) {
        ftp.trace("line {}", i);
    }
    EXPECT_EQ(lines(), "trace line 0\ntrace line 1\ntrace line 2\n");
}

}  // namespace
}  // namespace hsmfront::log
