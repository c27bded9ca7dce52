// Reply and ReplyParser: RFC 959 §4.2.
#include "proxy/ftp/reply.hpp"

#include "proxy/ftp/errc.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::ftp {
namespace {

using namespace std::string_view_literals;

struct Parsed {
    std::vector<Reply> replies;
    error_code error;
};

Parsed parse(std::string_view bytes, std::size_t step) {
    ReplyParser parser;
    Parsed result;
    for (std::size_t at = 0; at < bytes.size() && !result.error; at += step) {
        parser.append(bytes.substr(at, step));
        for (;;) {
            auto reply = parser.next();
            if (!reply) {
                result.error = reply.error();
                break;
            }
            if (!*reply) {
                break;
            }
            result.replies.push_back(std::move(**reply));
        }
    }
    return result;
}

/// The same in one piece and byte by byte.
Parsed parse(std::string_view bytes) {
    Parsed whole = parse(bytes, bytes.size());
    const Parsed bytewise = parse(bytes, 1);
    EXPECT_EQ(whole.error, bytewise.error);
    EXPECT_EQ(whole.replies.size(), bytewise.replies.size());
    for (std::size_t i = 0; i < std::min(whole.replies.size(), bytewise.replies.size()); ++i) {
        EXPECT_EQ(whole.replies[i].lines, bytewise.replies[i].lines);
    }
    return whole;
}

TEST(FtpReply, ReadsOneLine) {
    const Parsed parsed = parse("220 Hello there\r\n"sv);
    ASSERT_EQ(parsed.replies.size(), 1U);
    EXPECT_EQ(parsed.replies[0].code, 220);
    EXPECT_EQ(parsed.replies[0].text(), "Hello there");
    EXPECT_EQ(parsed.replies[0].serialise(), "220 Hello there\r\n");
}

TEST(FtpReply, ReadsACodeWithoutText) {
    const Parsed parsed = parse("200\r\n226 \r\n"sv);
    ASSERT_EQ(parsed.replies.size(), 2U);
    EXPECT_EQ(parsed.replies[0].text(), "");
    EXPECT_EQ(parsed.replies[1].code, 226);
}

TEST(FtpReply, ReadsSeveralInOnePiece) {
    EXPECT_EQ(parse("150 a\r\n226 b\r\n421 c\r\n4"sv).replies.size(), 3U);
}

TEST(FtpReply, KeepsMultilineAsItCame) {
    const auto wire = "211-Features:\r\n SIZE\r\n\r\n211-x\r\n2113\r\n211 End\r\n"sv;
    const Parsed parsed = parse(wire);
    ASSERT_EQ(parsed.replies.size(), 1U);
    EXPECT_EQ(parsed.replies[0].serialise(), wire);
    EXPECT_EQ(parsed.replies[0].text(), "End");
}

TEST(FtpReply, InnerLinesMayBeginWithDigits) {
    const Parsed parsed = parse("213-Status\r\n2024 was fine\r\n22 x\r\n226-no\r\n213 End\r\n"sv);
    ASSERT_EQ(parsed.replies.size(), 1U);
    EXPECT_EQ(parsed.replies[0].lines.size(), 5U);
}

TEST(FtpReply, RejectsChangedCodeInMultiline) {
    EXPECT_EQ(parse("211-a\r\n226 b\r\n211 c\r\n"sv).error, make_error_code(Errc::changed_code));
    EXPECT_EQ(parse("211-a\r\n226\r\n"sv).error, make_error_code(Errc::changed_code));
    // Clients that look for three digits and a space do not ask whether they are a code.
    EXPECT_EQ(parse("213-a\r\n999 b\r\n213 c\r\n"sv).error, make_error_code(Errc::changed_code));
    EXPECT_EQ(parse("213-a\r\n000\r\n213 c\r\n"sv).error, make_error_code(Errc::changed_code));
}

TEST(FtpReply, RejectsWhatIsNoReply) {
    for (const auto wire :
         {"hello\r\n"sv,
          "\r\n"sv,
          "22 x\r\n"sv,
          "2200 x\r\n"sv,
          "999 x\r\n"sv,
          "000 x\r\n"sv,
          " 220 x\r\n"sv,
          "220\tx\r\n"sv,
          "634 x\r\n"sv,
          "SSH-2.0-x\r\n"sv}) {
        EXPECT_EQ(parse(wire).error, make_error_code(Errc::bad_reply)) << wire;
    }
}

TEST(FtpReply, EndsLinesAtCrlfOnly) {
    const auto wire = "257 \"/a\n226 b\rc\" \xff\r\n"sv;
    const Parsed parsed = parse(wire);
    ASSERT_EQ(parsed.replies.size(), 1U);
    EXPECT_EQ(parsed.replies[0].serialise(), wire);
}

TEST(FtpReply, LimitsLineAndReply) {
    const std::string line = "200 " + std::string(ReplyParser::line_limit, 'a');
    ReplyParser parser;
    parser.append(line);
    EXPECT_EQ(parser.next().error(), make_error_code(Errc::line_too_long));

    // The CR that has come of a CRLF is no part of the line.
    const std::string longest = line.substr(0, ReplyParser::line_limit) + "\r";
    ReplyParser patient;
    patient.append(longest);
    EXPECT_TRUE(patient.next());
    patient.append("\n"sv);
    const auto at_limit = patient.next();
    EXPECT_TRUE(at_limit && *at_limit);

    ReplyParser endless;
    endless.append("200-a\r\n"sv);
    const std::string inner(60000, 'b');
    error_code error;
    for (int i = 0; i < 20 && !error; ++i) {
        endless.append(inner + "\r\n");
        const auto reply = endless.next();
        error = reply ? error_code{} : reply.error();
    }
    EXPECT_EQ(error, make_error_code(Errc::reply_too_long));
}

TEST(FtpReply, StaysBrokenAfterAnError) {
    ReplyParser parser;
    parser.append("x\r\n220 a\r\n"sv);
    EXPECT_FALSE(parser.next());
    EXPECT_FALSE(parser.next());
}

TEST(FtpReply, MakesOneLine) { EXPECT_EQ(make_reply(234, "ok").serialise(), "234 ok\r\n"); }

}  // namespace
}  // namespace hsmfront::ftp
