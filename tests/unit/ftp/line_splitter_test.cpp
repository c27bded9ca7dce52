// LineSplitter: RFC 959 §5.3 line ends, Telnet, limits.
#include "proxy/ftp/line_splitter.hpp"

#include "proxy/ftp/errc.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace hsmfront::ftp {
namespace {

using namespace std::string_view_literals;

/// Every line of `bytes`, then the error if one came.
struct Split {
    std::vector<std::string> lines;
    error_code error;
    bool empty = true;
};

Split split(std::string_view bytes, std::size_t step, std::size_t limit = 8192) {
    LineSplitter splitter(limit);
    Split result;
    for (std::size_t at = 0; at < bytes.size() && !result.error; at += step) {
        splitter.append(bytes.substr(at, step));
        for (;;) {
            auto line = splitter.next();
            if (!line) {
                result.error = line.error();
                break;
            }
            if (!*line) {
                break;
            }
            result.lines.push_back(**line);
        }
    }
    result.empty = splitter.empty();
    return result;
}

/// The same in one piece and byte by byte.
Split split(std::string_view bytes) {
    const Split whole = split(bytes, bytes.size());
    const Split bytewise = split(bytes, 1);
    EXPECT_EQ(whole.lines, bytewise.lines);
    EXPECT_EQ(whole.error, bytewise.error);
    EXPECT_EQ(whole.empty, bytewise.empty);
    return whole;
}

TEST(FtpLineSplitter, SplitsAtCrlf) {
    const Split result = split("USER a\r\n\r\nPASS b c \r\nNO"sv);
    EXPECT_EQ(result.lines, (std::vector<std::string>{"USER a", "", "PASS b c "}));
    EXPECT_FALSE(result.error);
    EXPECT_FALSE(result.empty);
}

TEST(FtpLineSplitter, IsEmptyBetweenLinesOnly) {
    EXPECT_TRUE(split("NOOP\r\n"sv).empty);
    EXPECT_FALSE(split("NOOP\r"sv).empty);
    EXPECT_FALSE(split("NOOP\r\n\xff"sv).empty);
    LineSplitter splitter;
    splitter.append("AUTH TLS\r\nUSER x\r\n"sv);
    ASSERT_TRUE(splitter.next()->has_value());
    EXPECT_FALSE(splitter.empty());
}

TEST(FtpLineSplitter, RefusesBareLf) {
    const Split result = split("NOOP\r\nUSER a\nPASS b\r\n"sv);
    EXPECT_EQ(result.error, make_error_code(Errc::bare_lf));
    EXPECT_EQ(result.lines.size(), 1U);
}

TEST(FtpLineSplitter, RefusesBareCr) {
    EXPECT_EQ(split("USER a\rPASS b\r\n"sv).error, make_error_code(Errc::bare_cr));
    EXPECT_EQ(split("USER a\r\r\n"sv).error, make_error_code(Errc::bare_cr));
}

TEST(FtpLineSplitter, RefusesNul) {
    EXPECT_EQ(split("USER a\0b\r\n"sv).error, make_error_code(Errc::nul));
}

TEST(FtpLineSplitter, StaysBrokenAfterAnError) {
    LineSplitter splitter;
    splitter.append("A\nNOOP\r\n"sv);
    EXPECT_FALSE(splitter.next());
    splitter.append("NOOP\r\n"sv);
    EXPECT_FALSE(splitter.next());
    EXPECT_FALSE(splitter.empty());
}

TEST(FtpLineSplitter, LimitsTheLine) {
    EXPECT_EQ(split("12345678\r\n"sv, 1, 8).lines.size(), 1U);
    EXPECT_EQ(split("123456789\r\n"sv, 1, 8).error, make_error_code(Errc::line_too_long));
    EXPECT_EQ(split("123456789"sv, 9, 8).error, make_error_code(Errc::line_too_long));
}

TEST(FtpLineSplitter, LimitsDoubledIacToo) {
    EXPECT_EQ(split("\xff\xff\xff\xff\r\n"sv, 1, 2).lines.size(), 1U);
    EXPECT_EQ(
        split("\xff\xff\xff\xff\xff\xff"sv, 1, 2).error, make_error_code(Errc::line_too_long)
    );
    EXPECT_EQ(split("12\xff\x61"sv, 1, 2).error, make_error_code(Errc::line_too_long));
}

TEST(FtpLineSplitter, StripsTelnetInterruptBeforeAbor) {
    EXPECT_EQ(
        split("\xff\xf4\xff\xf2"
              "ABOR\r\n"sv)
            .lines,
        std::vector<std::string>{"ABOR"}
    );
    EXPECT_EQ(
        split("\xff\xf4\xf2"
              "ABOR\r\n"sv)
            .lines,
        std::vector<std::string>{"\xf2"
                                 "ABOR"}
    );
}

TEST(FtpLineSplitter, UnescapesIacOnce) {
    EXPECT_EQ(split("CWD \xff\xff\r\n"sv).lines, std::vector<std::string>{"CWD \xff"});
    EXPECT_EQ(split("CWD \xff\xff\xff\xff\r\n"sv).lines, std::vector<std::string>{"CWD \xff\xff"});
    EXPECT_EQ(split("CWD \xff\xff\xf4\r\n"sv).lines, std::vector<std::string>{"CWD \xff\xf4"});
}

TEST(FtpLineSplitter, KeepsALoneIac) {
    EXPECT_EQ(
        split("CWD a\xff"
              "b\r\n"sv)
            .lines,
        std::vector<std::string>{"CWD a\xff"
                                 "b"}
    );
    EXPECT_EQ(split("CWD a\xff\r\n"sv).lines, std::vector<std::string>{"CWD a\xff"});
    EXPECT_EQ(split("CWD a\xff\n"sv).error, make_error_code(Errc::bare_lf));
}

TEST(FtpLineSplitter, PassesAllOtherOctets) {
    std::string path = "RETR ";
    for (int byte = 1; byte < 255; ++byte) {
        if (byte != '\r' && byte != '\n') {
            path.push_back(static_cast<char>(byte));
        }
    }
    EXPECT_EQ(split(path + "\r\n").lines, std::vector<std::string>{path});
}

}  // namespace
}  // namespace hsmfront::ftp
