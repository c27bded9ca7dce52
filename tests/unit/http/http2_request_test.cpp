// Conversion of HTTP/2 field sections; nghttp2 lets through less than these tests give it.
#include "proxy/http/http2_request.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace hsmfront::http {
namespace {

using Lines = std::vector<std::pair<std::string_view, std::string_view>>;

Http2Section section_of(const Lines& lines, std::size_t bytes = 10'000, std::size_t count = 100) {
    Http2Section section(bytes, count);
    for (const auto& [name, value] : lines) {
        section.add(name, value);
    }
    return section;
}

const Lines plain_get = {
    {":method", "GET"}, {":scheme", "https"}, {":authority", "a.example"}, {":path", "/p?q"}};

Lines get_and(const Lines& more) {
    Lines lines = plain_get;
    lines.insert(lines.end(), more.begin(), more.end());
    return lines;
}

bool malformed(const Lines& lines, bool ended = true) {
    const Http2Section section = section_of(lines);
    const auto converted = convert_request(section, ended);
    return converted.has_error() && !converted.error().status;
}

TEST(Http2Request, BecomesARequestOfHttp11) {
    const Http2Section section = section_of(get_and({{"x", "y"}, {"te", "trailers"}}));
    const auto converted = convert_request(section, true);
    ASSERT_TRUE(converted.has_value());
    EXPECT_EQ(converted->head.method, "GET");
    EXPECT_EQ(converted->head.version, Version::http2) << "Via tells how it came";
    EXPECT_EQ(converted->checked.path, "/p?q");
    EXPECT_EQ(converted->checked.request.host, "a.example");
    EXPECT_EQ(converted->checked.request.version, Version::http1_1);
    EXPECT_TRUE(converted->checked.request.framing.empty());
    EXPECT_TRUE(converted->checked.request.accepts_trailers);
    EXPECT_FALSE(converted->checked.request.websocket);
    EXPECT_EQ(find(converted->head.fields, "Host")->value, "a.example");
}

TEST(Http2Request, FramingComesFromLengthOrItsAbsence) {
    const Http2Section open = section_of(plain_get);
    EXPECT_EQ(convert_request(open, false)->checked.request.framing.kind, Framing::Kind::chunked);
    const Http2Section told = section_of(get_and({{"content-length", "7"}}));
    EXPECT_EQ(convert_request(told, false)->checked.request.framing.length, 7U);
    EXPECT_TRUE(malformed(get_and({{"content-length", "7"}}), true));
    EXPECT_FALSE(malformed(get_and({{"content-length", "0"}}), true));
    EXPECT_TRUE(malformed(get_and({{"content-length", "7"}, {"content-length", "7"}}), false));
    EXPECT_TRUE(malformed(get_and({{"content-length", "7x"}}), false));
}

TEST(Http2Request, PseudoFieldsComeOnceAndFirst) {
    EXPECT_FALSE(malformed(plain_get));
    EXPECT_TRUE(malformed(get_and({{":path", "/"}})));
    EXPECT_TRUE(malformed(get_and({{"x", "y"}, {":protocol", "z"}})));
    EXPECT_TRUE(malformed({{"x", "y"}, {":method", "GET"}}));
    EXPECT_TRUE(malformed({}));
    EXPECT_TRUE(malformed({{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}}));
}

TEST(Http2Request, NamesAndValuesAreStrict) {
    for (const auto& [name, value] : Lines{
             {"X", "y"},
             {"", "y"},
             {"a b", "y"},
             {"x", " y"},
             {"x", "y\t"},
             {"x", "a\rb"},
             {"x", {"a\0b", 3}},
             {"x", "a\x7f"},
             {"connection", ""},
             {"transfer-encoding", "chunked"},
             {"upgrade", "h2c"},
             {"te", "gzip"},
             {"cookie", "a "}}) {
        EXPECT_TRUE(malformed(get_and({{name, value}}))) << name << ": " << value;
    }
}

TEST(Http2Request, AuthorityAndHostAgree) {
    EXPECT_FALSE(malformed(get_and({{"host", "A.example:443"}})));
    EXPECT_TRUE(malformed(get_and({{"host", "a.example:444"}})));
    EXPECT_TRUE(malformed(get_and({{"host", "b.example"}})));
    EXPECT_TRUE(malformed(get_and({{"host", "a.example"}, {"host", "a.example"}})));
}

TEST(Http2Request, CrumbsOfACookieCountAsOneLine) {
    const Http2Section section =
        section_of(get_and({{"cookie", "a=1"}, {"cookie", ""}, {"cookie", "b=2"}}), 1'000, 5);
    EXPECT_FALSE(section.too_large());
    const auto converted = convert_request(section, true);
    ASSERT_TRUE(converted.has_value());
    EXPECT_EQ(find(converted->head.fields, "Cookie")->value, "a=1; ; b=2");
}

TEST(Http2Request, LimitsCountWhatIsNotKept) {
    Http2Section section(100, 10);
    for (int i = 0; i < 1'000; ++i) {
        section.add("x", "y");
    }
    EXPECT_TRUE(section.too_large());
    EXPECT_EQ(section.bytes(), 34'000U);
    EXPECT_EQ(section.fields().size(), 2U);
    EXPECT_EQ(convert_request(section, true).error().status, Status::fields_too_large);
}

TEST(Http2Request, ConnectIsNotOffered) {
    const Http2Section section = section_of({{":method", "CONNECT"}, {":authority", "a:1"}});
    EXPECT_EQ(convert_request(section, true).error().status, Status::not_implemented);
}

TEST(Http2Request, TrailersAreFieldLines) {
    EXPECT_EQ(convert_trailers(section_of({{"a", "1"}, {"b", ""}})), "a: 1\r\nb: \r\n");
    EXPECT_EQ(convert_trailers(section_of({{":path", "/"}})), std::nullopt);
    EXPECT_EQ(convert_trailers(section_of({{"connection", "x"}})), std::nullopt);
    EXPECT_EQ(convert_trailers(section_of({{"a", "1\r\nb: 2"}})), std::nullopt);
}

}  // namespace
}  // namespace hsmfront::http
