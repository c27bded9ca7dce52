// Where content ends, and every way to be told two different things about it.
#include "proxy/http/framing.hpp"

#include <gtest/gtest.h>

namespace hsmfront::http {
namespace {

using Kind = Framing::Kind;

Parsed<Framing> of_request(Fields fields, Version version = Version::http1_1) {
    RequestHead head;
    head.method = "POST";
    head.target = "/";
    head.version = version;
    head.fields = std::move(fields);
    return request_framing(head);
}

Parsed<Framing> of_response(unsigned status, Fields fields, bool to_head = false) {
    ResponseHead head;
    head.status = status;
    head.fields = std::move(fields);
    return response_framing(head, to_head);
}

TEST(HttpFraming, RequestWithoutFieldsHasNoContent) {
    const auto framing = of_request({});
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->kind, Kind::none);
}

TEST(HttpFraming, RequestWithLength) {
    const auto framing = of_request({{"content-LENGTH", "0042"}});
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->kind, Kind::length);
    EXPECT_EQ(framing->length, 42U);
}

TEST(HttpFraming, RequestChunked) {
    const auto framing = of_request({{"Transfer-Encoding", "Chunked"}});
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->kind, Kind::chunked);
}

TEST(HttpFraming, RefusesMalformedLengths) {
    for (const std::string_view length :
         {"",
          "+1",
          "-1",
          " 1",
          "1 ",
          "1,1",
          "1, 2",
          "0x10",
          "1.0",
          "ten",
          "1 1",
          "9223372036854775808",
          "18446744073709551617",
          "99999999999999999999999"}) {
        const auto framing = of_request({{"Content-Length", length}});
        ASSERT_FALSE(framing) << length;
        EXPECT_EQ(framing.error(), Status::bad_request);
        EXPECT_FALSE(of_response(200, {{"Content-Length", length}})) << length;
    }
}

TEST(HttpFraming, AcceptsLargestLength) {
    const auto framing = of_request({{"Content-Length", "9223372036854775807"}});
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->length, 9223372036854775807U);
}

TEST(HttpFraming, RefusesTwoLengthsEvenIfEqual) {
    EXPECT_FALSE(of_request({{"Content-Length", "5"}, {"Content-Length", "6"}}));
    EXPECT_FALSE(of_request({{"Content-Length", "5"}, {"content-length", "5"}}));
    EXPECT_FALSE(of_response(200, {{"Content-Length", "5"}, {"Content-Length", "6"}}));
}

TEST(HttpFraming, RefusesLengthBesideCoding) {
    const Fields both{{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}};
    EXPECT_FALSE(of_request(both));
    EXPECT_FALSE(of_request({both[1], both[0]}));
    EXPECT_FALSE(of_response(200, both));
}

TEST(HttpFraming, RefusesCodingsThatDoNotEndInOneChunked) {
    for (const std::string_view coding :
         {"",
          "identity",
          "gzip",
          "chunked, gzip",
          "chunked, chunked",
          "xchunked",
          "chunked;q=1",
          "\"chunked\"",
          "chunked,",
          ",chunked",
          "\x0b"
          "chunked",
          "chunked identity"}) {
        const auto framing = of_request({{"Transfer-Encoding", coding}});
        ASSERT_FALSE(framing) << coding;
        EXPECT_EQ(framing.error(), Status::bad_request) << coding;
        EXPECT_FALSE(of_response(200, {{"Transfer-Encoding", coding}})) << coding;
    }
}

TEST(HttpFraming, DoesNotOfferCodingsBelowChunked) {
    const auto framing = of_request({{"Transfer-Encoding", "gzip, chunked"}});
    ASSERT_FALSE(framing);
    EXPECT_EQ(framing.error(), Status::not_implemented);
}

TEST(HttpFraming, RefusesTwoCodingFields) {
    EXPECT_FALSE(of_request({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "identity"}}));
    EXPECT_FALSE(of_request({{"Transfer-Encoding", "chunked"}, {"transfer-encoding", "chunked"}}));
}

TEST(HttpFraming, RefusesCodingInHttp10) {
    EXPECT_FALSE(of_request({{"Transfer-Encoding", "chunked"}}, Version::http1_0));
    ResponseHead head;
    head.version = Version::http1_0;
    head.status = 200;
    head.fields = {{"Transfer-Encoding", "chunked"}};
    EXPECT_FALSE(response_framing(head, false));
}

TEST(HttpFraming, RefusesNamesThatBackendsMayTakeForFraming) {
    EXPECT_FALSE(of_request({{"Content_Length", "5"}}));
    EXPECT_FALSE(of_request({{"Transfer_Encoding", "chunked"}}));
    EXPECT_FALSE(of_request({{"Transfer-Encoding", "chunked"}, {"transfer_encoding", "x"}}));
    EXPECT_FALSE(of_request({{"Content.Length", "5"}, {"Content-Length", "5"}}));
}

TEST(HttpFraming, ResponsesWithoutContentWhateverTheyDeclare) {
    for (const unsigned status : {204U, 304U}) {
        const auto framing = of_response(status, {{"Content-Length", "5"}});
        ASSERT_TRUE(framing);
        EXPECT_EQ(framing->kind, Kind::none);
    }
    const auto to_head = of_response(200, {{"Transfer-Encoding", "chunked"}}, true);
    ASSERT_TRUE(to_head);
    EXPECT_EQ(to_head->kind, Kind::none);
    EXPECT_FALSE(of_response(200, {{"Content-Length", "x"}}, true));
}

TEST(HttpFraming, ResponseWithoutFieldsEndsWithItsConnection) {
    const auto framing = of_response(200, {});
    ASSERT_TRUE(framing);
    EXPECT_EQ(framing->kind, Kind::until_close);
}

}  // namespace
}  // namespace hsmfront::http
