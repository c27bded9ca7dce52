// ControlProtocol: what is a request, what is an answer, and what is neither.
#include "proxy/admin/control_protocol.hpp"

#include <gtest/gtest.h>

namespace hsmfront::admin {
namespace {

TEST(ControlProtocol, RequestsComeBackAsTheyWere) {
    for (const Verb verb : {Verb::reload, Verb::pin, Verb::status, Verb::metrics}) {
        const std::size_t size = verb == Verb::pin ? 6 : 0;
        const std::string line = request_head(verb, size);
        ASSERT_TRUE(line.ends_with('\n'));
        ASSERT_LE(line.size(), max_head);
        const auto head = parse_request_head(std::string_view(line).substr(0, line.size() - 1));
        ASSERT_TRUE(head);
        EXPECT_EQ(head->verb, verb);
        EXPECT_EQ(head->size, size);
    }
}

TEST(ControlProtocol, OnlyAPinCarriesBytesAndNotTooMany) {
    EXPECT_TRUE(parse_request_head("hsmfront/1 pin 256"));
    EXPECT_FALSE(parse_request_head("hsmfront/1 pin 257"));
    EXPECT_FALSE(parse_request_head("hsmfront/1 status 1"));
}

TEST(ControlProtocol, RefusesWhatIsNoRequest) {
    for (const char* line :
         {"",
          "status 0",
          "hsmfront/2 status 0",
          "hsmfront/1 ",
          "hsmfront/1 status",
          "hsmfront/1 status ",
          "hsmfront/1 status -1",
          "hsmfront/1 status 0 ",
          "hsmfront/1 status 99999999999999999999999",
          "hsmfront/1 statu 0",
          "hsmfront/1  status 0"}) {
        EXPECT_FALSE(parse_request_head(line)) << line;
    }
}

TEST(ControlProtocol, AnswersComeBackAsTheyWere) {
    for (const bool ok : {true, false}) {
        const auto reply = parse_answer(answer({ok, "two\nlines"}));
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->ok, ok);
        EXPECT_EQ(reply->text, "two\nlines");
    }
    EXPECT_TRUE(parse_answer(answer({true, ""})));
}

TEST(ControlProtocol, AnAnswerCutShortIsNone) {
    const std::string whole = answer({true, "text"});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse_answer(whole.substr(0, size))) << size;
    }
    EXPECT_FALSE(parse_answer(whole + "x"));
    EXPECT_FALSE(parse_answer("maybe 0\n"));
}

}  // namespace
}  // namespace hsmfront::admin
