// Outlet: the form of lines, and lines that cannot be written.
#include "proxy/log/outlet.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <vector>

namespace hsmfront::log {
namespace {

using config::LogFormat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class Kept final : public Target {
  public:
    explicit Kept(bool stamps = false) : stamps_(stamps) {}

    [[nodiscard]] std::string name() const override { return "nowhere"; }
    [[nodiscard]] bool stamps() const override { return stamps_; }

    std::vector<std::string> lines;
    int error = 0;

  private:
    int put(const Written& line) override {
        if (error == 0) {
            lines.emplace_back(line.text);
        }
        return error;
    }

    bool stamps_;
};

class OutletTest : public testing::Test {
  protected:
    void say(
        std::string_view message, const Facts& facts = {}, std::string_view component = "ftp"
    ) {
        spdlog::memory_buf_t text;
        const int begin = append_session(text, facts, true);
        text.append(message.data(), message.data() + message.size());
        const spdlog::string_view_t payload(text.data(), text.size());
        outlet.log({mark_payload(begin), component, facts.level, payload});
    }
    std::string line_of(std::string_view message, const Facts& facts = {}) {
        kept->lines.clear();
        say(message, facts);
        return kept->lines.empty() ? "" : kept->lines.front();
    }

    std::shared_ptr<Kept> kept = std::make_shared<Kept>();
    Outlet outlet;
};

TEST_F(OutletTest, WritesTimeLevelComponentAndSession) {
    outlet.set(kept, LogFormat::text);
    const std::string time = "[0-9-]{10}T[0-9:]{8}[.][0-9]{3}[+-][0-9]{2}:?[0-9]{2} ";
    EXPECT_THAT(line_of("hello"), MatchesRegex(time + "info  ftp: hello"));
    EXPECT_THAT(
        line_of("hello", {Level::err, false, 17, "::1"}),
        MatchesRegex(time + "error ftp: session 17 hello")
    );
}

TEST_F(OutletTest, LeavesTimeAndLevelToSyslog) {
    kept = std::make_shared<Kept>(true);
    outlet.set(kept, LogFormat::text);
    EXPECT_EQ(line_of("hello", {Level::warn, false, 17, {}}), "ftp: session 17 hello");
}

TEST_F(OutletTest, WritesAFieldForEachFact) {
    outlet.set(kept, LogFormat::json);
    const std::string line =
        line_of("hello", {Level::warn, false, 9'180'000'000'123, "2001:db8::1"});
    EXPECT_THAT(line, StartsWith(R"({"time":"2)"));
    EXPECT_THAT(
        line,
        HasSubstr(R"(","level":"warning","component":"ftp","session":9180000000123,)"
                  R"("client":"2001:db8::1","message":"hello"})")
    );
    EXPECT_THAT(
        line_of("hello"), HasSubstr(R"("level":"info","component":"ftp","message":"hello"})")
    );
}

TEST_F(OutletTest, TakesNoMessageForFacts) {
    outlet.set(kept, LogFormat::json);
    EXPECT_THAT(
        line_of("session 5 192.0.2.1 hello"),
        HasSubstr(R"("component":"ftp","message":"session 5 192.0.2.1 hello"})")
    );
}

TEST_F(OutletTest, EscapesWhatPeersSend) {
    outlet.set(kept, LogFormat::text);
    EXPECT_THAT(line_of("a\nb\x1b[31m\x7f"), HasSubstr(R"(ftp: a\x0ab\x1b[31m\x7f)"));
    outlet.set(kept, LogFormat::json);
    EXPECT_THAT(
        line_of("\"a\\b\"\n\xff"),
        HasSubstr(R"("message":"\"a\\b\"\u000a)"
                  "\xef\xbf\xbd\"}")
    );
}

TEST_F(OutletTest, WritesRequestsAsTheyAre) {
    outlet.set(kept, LogFormat::json);
    say("- - - GET", {}, access_name);
    EXPECT_THAT(kept->lines, ElementsAre("- - - GET"));
}

TEST_F(OutletTest, CountsLostLinesAndTellsOfThemWhenItCanWriteAgain) {
    outlet.set(kept, LogFormat::text);
    kept->error = ENOSPC;
    testing::internal::CaptureStderr();
    say("one");
    say("two");
    EXPECT_EQ(
        testing::internal::GetCapturedStderr(),
        "hsmfront: nowhere cannot be written, lines are lost and counted: No space left on device\n"
    );
    EXPECT_EQ(outlet.lost(), 2U);
    EXPECT_THAT(kept->lines, IsEmpty());
    kept->error = 0;
    say("three");
    say("four");
    EXPECT_THAT(
        kept->lines,
        ElementsAre(
            HasSubstr(" error runtime: 2 lines before this one are lost: No space left on device"),
            HasSubstr("ftp: three"),
            HasSubstr("ftp: four")
        )
    );
    EXPECT_EQ(outlet.lost(), 2U);
}

TEST_F(OutletTest, TellsOfTheNextFullDiskToo) {
    outlet.set(kept, LogFormat::text);
    for (int i = 0; i < 2; ++i) {
        kept->error = ENOSPC;
        testing::internal::CaptureStderr();
        say("lost");
        EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("lines are lost"));
        kept->error = 0;
        say("written");
    }
    EXPECT_EQ(outlet.lost(), 2U);
}

TEST_F(OutletTest, ChangesItsTargetBetweenTwoLines) {
    outlet.set(kept, LogFormat::text);
    say("one");
    const auto next = std::make_shared<Kept>();
    outlet.set(next, LogFormat::json);
    say("two");
    EXPECT_THAT(kept->lines, ElementsAre(HasSubstr("one")));
    EXPECT_THAT(next->lines, ElementsAre(HasSubstr(R"("message":"two"})")));
    EXPECT_EQ(outlet.lost(), 0U);
}

}  // namespace
}  // namespace hsmfront::log
