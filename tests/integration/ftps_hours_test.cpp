// FTPS sessions of many hours on a clock that runs fast: data connections resume till the end,
// though tickets live for one hour and the keys they began with are gone before.
#include "tests/harness/stage.hpp"

#include <gmock/gmock.h>

#include <ctime>

namespace hsmfront::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int hours = 3;
constexpr const char* new_key = "a new ticket key";

struct Pace {
    int rate;             ///< of the clock
    const char* version;  ///< of TLS
    int transfers;        ///< of each kind
    const char* pause;    ///< between two, in s of ours
};

/// Proxy and client see the same clock.
class FtpsHours : public Stage, public ::testing::WithParamInterface<Pace> {
  protected:
    void SetUp() override {
        if (sanitized) {
            GTEST_SKIP() << "a sanitizer's runtime must be loaded before all else";
        }
        clock_ = {
            {"LD_PRELOAD", FAST_CLOCK},
            {"FAST_CLOCK_RATE", std::to_string(GetParam().rate)},
            {"FAST_CLOCK_SINCE", std::to_string(std::time(nullptr))},
            {"HOME", scratch().string()}};
        config.env.insert(clock_.begin(), clock_.end());
        config.http.enabled = false;
        config.ftp.data = "session_reuse: require";
        config.extra = "tls: { tickets: { lifetime: 1h } }\nlog: { level: debug }\n";
        write_file(content(), "content");
        for (int i = 1; i <= GetParam().transfers; ++i) {
            write_file(vsftpd.root() / ("f" + std::to_string(i)), "content");
        }
        start();
        began_ = std::chrono::steady_clock::now();
    }

    /// Runs a client, which must succeed and take three of its hours in one session.
    void expect_hours(const std::vector<std::string>& argv) {
        const auto client = run(argv, 200s, clock_);
        ASSERT_EQ(client.code, 0) << client.out << client.error;
        const auto passed = (std::chrono::steady_clock::now() - began_) * GetParam().rate;
        EXPECT_GE(passed, std::chrono::hours(hours)) << "the client was done too soon";
        const auto log = front->log();
        // The first key is dropped with the second rotation, an hour at least after the first.
        const auto rotated = log.find(new_key, log.find(new_key) + 1);
        ASSERT_NE(rotated, log.npos);
        EXPECT_NE(log.find("outcome=\"complete\"", rotated), log.npos) << "nothing came after";
        EXPECT_THAT(log, Not(HasSubstr("TLS handshake failed")));
        EXPECT_THAT(log, Not(HasSubstr("refused")));
        std::size_t sessions = 0;
        const auto commands = vsftpd.log();
        for (auto at = commands.find("OK LOGIN"); at != commands.npos;
             at = commands.find("OK LOGIN", at + 1)) {
            ++sessions;
        }
        EXPECT_EQ(sessions, 1U) << commands;
    }

    [[nodiscard]] std::filesystem::path content() const { return scratch() / "content"; }
    [[nodiscard]] static bool only_1_2() { return std::string(GetParam().version) == "1.2"; }

  private:
    std::map<std::string, std::string> clock_;
    std::chrono::steady_clock::time_point began_;
};

TEST_P(FtpsHours, Curl) {
    const auto files = "[1-" + std::to_string(GetParam().transfers) + "]";
    const int a_minute = 2 * GetParam().transfers * GetParam().rate / (hours * 60);
    expect_hours(
        {"curl",
         "--silent",
         "--show-error",
         "--fail-early",
         "--cacert",
         Material::get().ca().string(),
         "--ssl-reqd",
         "--user",
         "ftp:secret",
         "--tls-max",
         GetParam().version,
         "--rate",
         std::to_string(a_minute) + "/m",
         "-T",
         content().string(),
         ftp("/u" + files),
         "-o",
         "/dev/null",
         ftp("/f" + files)}
    );
    EXPECT_EQ(text_of(vsftpd.root() / ("u" + std::to_string(GetParam().transfers))), "content");
}

TEST_P(FtpsHours, Lftp) {
    // Its own limits are on the fast clock too.
    std::string commands =
        "set cmd:fail-exit yes; set net:timeout 1000d; set net:idle 1000d; set net:max-retries 1; "
        "set ftp:ssl-force yes; set ssl:ca-file " +
        Material::get().ca().string() + "\n";
    commands += only_1_2() ? "set ssl:priority NORMAL:-VERS-TLS1.3\n" : "";
    commands += "open -u ftp,secret " + ftp("") + "\n";
    for (int i = 1; i <= GetParam().transfers; ++i) {
        const auto number = std::to_string(i);
        commands += "put " + content().string() + " -o u" + number + "\ncat f" + number +
                    "\n!sleep " + GetParam().pause + "\n";
    }
    write_file(scratch() / "commands", commands);
    expect_hours({"lftp", "-f", (scratch() / "commands").string()});
}

TEST_P(FtpsHours, PythonWithOpenssl) {
    expect_hours(
        {"python3",
         HSMFRONT_SOURCE_DIR "/tests/tools/ftps.py",
         "hours",
         "localhost",
         std::to_string(config.ftp.explicit_port),
         Material::get().ca().string(),
         std::to_string(hours),
         GetParam().version}
    );
}

std::string name_of(const ::testing::TestParamInfo<Pace>& pace) {
    return std::string("Tls") + pace.param.version[0] + "_" + pace.param.version[2];
}

INSTANTIATE_TEST_SUITE_P(
    Short,
    FtpsHours,
    ::testing::Values(Pace{2000, "1.2", 20, "0.3"}, Pace{2000, "1.3", 20, "0.3"}),
    name_of
);

INSTANTIATE_TEST_SUITE_P(
    LongTransfer,
    FtpsHours,
    ::testing::Values(Pace{360, "1.2", 60, "0.6"}, Pace{360, "1.3", 60, "0.6"}),
    name_of
);

}  // namespace
}  // namespace hsmfront::test
