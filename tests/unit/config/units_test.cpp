// Units: accepted notations, limits, and what the errors say.
#include "config/units.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::config {
namespace {

using ::testing::HasSubstr;

TEST(Units, ReadsDurations) {
    EXPECT_EQ(*parse_duration("0"), 0ms);
    EXPECT_EQ(*parse_duration("0s"), 0ms);
    EXPECT_EQ(*parse_duration("500ms"), 500ms);
    EXPECT_EQ(*parse_duration("30s"), 30s);
    EXPECT_EQ(*parse_duration("5m"), 5min);
    EXPECT_EQ(*parse_duration("4h"), 4h);
    EXPECT_EQ(*parse_duration("2d"), 48h);
    EXPECT_EQ(*parse_duration("9223372036854775807ms"), milliseconds::max());
}

TEST(Units, RefusesOtherDurations) {
    for (const char* text :
         {"", "s", "5", "-5s", "+5s", "5 s", " 5s", "5s ", "1.5s", "5S", "5min", "1h30m", "0x5s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
    EXPECT_THAT(parse_duration("5").error(), HasSubstr("500ms, 30s or 5m, found \"5\""));
}

TEST(Units, DurationsDoNotOverflow) {
    EXPECT_FALSE(parse_duration("9223372036854775808ms"));
    EXPECT_FALSE(parse_duration("9223372036854776s"));
    EXPECT_FALSE(parse_duration("106751991168d"));
    EXPECT_FALSE(parse_duration("99999999999999999999999999s"));
}

TEST(Units, ReadsSizes) {
    EXPECT_EQ(*parse_size("0"), 0U);
    EXPECT_EQ(*parse_size("1000"), 1000U);
    EXPECT_EQ(*parse_size("64KiB"), 65536U);
    EXPECT_EQ(*parse_size("1MiB"), 1048576U);
    EXPECT_EQ(*parse_size("10GiB"), 10ULL << 30);
    EXPECT_EQ(*parse_size("2TiB"), 2ULL << 40);
}

TEST(Units, RefusesOtherSizes) {
    for (const char* text : {"", "KiB", "64K", "64KB", "64kib", "-1", "1.5MiB", "1 MiB"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
    EXPECT_FALSE(parse_size("16777216TiB"));
    EXPECT_TRUE(parse_size("16777215TiB"));
    EXPECT_THAT(parse_size("64KB").error(), HasSubstr("KiB, MiB, GiB or TiB"));
}

TEST(Units, ReadsRates) {
    EXPECT_EQ(*parse_rate("100/s"), (Rate{100, 1s}));
    EXPECT_EQ(*parse_rate("10/m"), (Rate{10, 1min}));
    EXPECT_EQ(*parse_rate("5/h"), (Rate{5, 1h}));
    EXPECT_EQ(*parse_rate("200/10s"), (Rate{200, 10s}));
    EXPECT_EQ(*parse_rate("3/500ms"), (Rate{3, 500ms}));
    EXPECT_EQ(*parse_rate("none"), (Rate{0, 1s}));
}

TEST(Units, RefusesOtherRates) {
    for (const char* text :
         {"",
          "/",
          "100",
          "100/",
          "/s",
          "100/sec",
          "0/s",
          "-1/s",
          "1/s/s",
          "1/0s",
          "1/10",
          "1/25h"}) {
        EXPECT_FALSE(parse_rate(text)) << text;
    }
}

TEST(Units, ReadsPortRanges) {
    EXPECT_EQ(*parse_port_range("50000-50999"), (PortRange{50000, 50999}));
    EXPECT_EQ(*parse_port_range("6000"), (PortRange{6000, 6000}));
    EXPECT_EQ(*parse_port_range("9-8"), (PortRange{9, 8}));
    for (const char* text : {"", "-", "1-", "-1", "1-65536", "0-5", "1-2-3", "1 - 2"}) {
        EXPECT_FALSE(parse_port_range(text)) << text;
    }
}

TEST(Units, ReadsPorts) {
    EXPECT_EQ(*parse_port("1"), 1);
    EXPECT_EQ(*parse_port("65535"), 65535);
    for (const char* text : {"", "0", "65536", "-1", "80a", "4294967376"}) {
        EXPECT_FALSE(parse_port(text)) << text;
    }
}

TEST(Units, ReadsBooleansOfYamlCore) {
    for (const char* text : {"true", "True", "TRUE"}) {
        EXPECT_TRUE(*parse_boolean(text));
    }
    for (const char* text : {"false", "False", "FALSE"}) {
        EXPECT_FALSE(*parse_boolean(text));
    }
    for (const char* text : {"", "yes", "no", "on", "off", "1", "0", "tRUE"}) {
        EXPECT_FALSE(parse_boolean(text).has_value()) << text;
    }
}

TEST(Units, NumbersKeepTheirRange) {
    EXPECT_EQ(*parse_number("256", 1, 256), 256U);
    EXPECT_FALSE(parse_number("0", 1, 256));
    EXPECT_FALSE(parse_number("18446744073709551616", 0, ~0ULL));
    EXPECT_THAT(parse_number("257", 1, 256).error(), HasSubstr("1–256, found \"257\""));
}

TEST(Units, ShowsLargestWholeUnit) {
    EXPECT_EQ(show(0ms), "0");
    EXPECT_EQ(show(90s), "90s");
    EXPECT_EQ(show(5min), "5m");
    EXPECT_EQ(show(48h), "2d");
    EXPECT_EQ(show_size(65536), "64KiB");
    EXPECT_EQ(show_size(1000), "1000");
}

}  // namespace
}  // namespace hsmfront::config
