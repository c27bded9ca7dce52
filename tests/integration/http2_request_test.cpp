// Requests over HTTP/2: what is malformed is a stream error and never reaches the backend, what is
// not arrives as HTTP/1.1. Names give the sections of RFC 9113.
#include "http2_scene.hpp"

namespace hsmfront::test {
namespace {

using h2::Fields;
using h2::request;

class Http2Request : public Http2Scene {};

/// A GET with one pseudo-header field changed, or left out if the value is "-".
Fields with(const std::string& name, const std::string& value) {
    Fields fields;
    for (const auto& field : request("GET", "/")) {
        if (field.first != name) {
            fields.push_back(field);
        } else if (value != "-") {
            fields.emplace_back(name, value);
        }
    }
    return fields;
}

void append(Fields& fields, const std::string& name, const std::string& value) {
    fields.emplace_back(name, value);
}

TEST_F(Http2Request, S8_3_1_ArrivesAsHttp11) {
    const HttpMessage head = head_behind2(1, request("GET", "/a?b=c", {{"x-own", "1"}}));
    EXPECT_EQ(head.start, "GET /a?b=c HTTP/1.1");
    EXPECT_EQ(head.field("Host"), "localhost");
    EXPECT_EQ(head.field("X-Own"), "1");
    EXPECT_EQ(head.field("Transfer-Encoding") + head.field("Content-Length"), "");
    EXPECT_EQ(answered2(1, ok_with("content")).body, "content");
    EXPECT_EQ(client2.stream(1).status(), 200);
    EXPECT_TRUE(client2.stream(1).ended);
}

TEST_F(Http2Request, S8_2_3_CookieCrumbsAreJoined) {
    const HttpMessage head = head_behind2(
        1, request("GET", "/", {{"cookie", "a=1"}, {"x", "y"}, {"cookie", "b=2"}, {"cookie", "c"}})
    );
    EXPECT_EQ(head.field("Cookie"), "a=1; b=2; c");
}

TEST_F(Http2Request, S8_2_1_UpperCaseAndForbiddenCharacters) {
    for (const auto& [name, value] : Fields{
             {"X-Upper", "a"},
             {"x\r", "a"},
             {"x y", "a"},
             {"x:y", "a"},
             {"", "a"},
             {"x", "a\r\nevil: 1"},
             {"x", "a\nb"},
             {"x", "a\rb"},
             {"x", std::string("a\0b", 3)},
             {"x", " a"},
             {"x", "a "},
             {"x", "a\t"},
             {"cookie", "a=1 "}}) {
        SCOPED_TRACE(name + ": " + value);
        expect_malformed(request("GET", "/", {{name, value}}));
    }
    expect_malformed(request("GET", "/", {{"cookie", "a"}, {"cookie", " b"}}));
}

TEST_F(Http2Request, S8_2_2_FieldsOfAConnection) {
    for (const auto& [name, value] : Fields{
             {"connection", "close"},
             {"connection", "x"},
             {"keep-alive", "1"},
             {"proxy-connection", "close"},
             {"transfer-encoding", "chunked"},
             {"upgrade", "websocket"},
             {"upgrade", "h2c"},
             {"te", "gzip"},
             {"te", "trailers, gzip"}}) {
        SCOPED_TRACE(name + ": " + value);
        expect_malformed(request("POST", "/", {{name, value}}));
    }
}

TEST_F(Http2Request, S8_2_2_TeTrailersGoesOn) {
    EXPECT_EQ(head_behind2(1, request("GET", "/", {{"te", "trailers"}})).field("TE"), "trailers");
}

TEST_F(Http2Request, S8_3_OddPseudoHeaderFields) {
    expect_malformed(with(":method", "-"));
    expect_malformed(with(":scheme", "-"));
    expect_malformed(with(":path", "-"));
    expect_malformed(with(":path", ""));
    expect_malformed(with(":path", "a"));
    expect_malformed(with(":path", "http://localhost/"));
    expect_malformed(with(":path", "/a b"));
    expect_malformed(with(":path", "/ HTTP/1.1\r\nevil: 1"));
    expect_malformed(with(":path", "/a#b"));
    expect_malformed(with(":method", "G T"));
    expect_malformed(with(":method", ""));
    expect_malformed(with(":scheme", "ftp"));
    expect_malformed(request("GET", "/", {{":path", "/2"}}));
    expect_malformed(request("GET", "/", {{"x", "y"}, {":late", "1"}}));
    expect_malformed(request("GET", "/", {{":status", "200"}}));
    expect_malformed(request("GET", "/", {{":protocol", "websocket"}}));
    Fields late = {{"x", "y"}};
    for (const auto& [name, value] : request("GET", "/")) {
        append(late, name, value);
    }
    expect_malformed(late);
}

TEST_F(Http2Request, S8_3_1_Authority) {
    expect_malformed(with(":authority", "-"));
    expect_malformed(with(":authority", ""));
    expect_malformed(with(":authority", "user@localhost"));
    expect_malformed(with(":authority", "user:pass@localhost"));
    expect_malformed(with(":authority", "localhost/x"));
    expect_malformed(with(":authority", "local host"));
    expect_malformed(request("GET", "/", {{"host", "other"}}));
    expect_malformed(request("GET", "/", {{"host", "localhost"}, {"host", "localhost"}}));
    Fields host = with(":authority", "-");
    append(host, "host", "user@localhost");
    expect_malformed(host);
}

TEST_F(Http2Request, S8_3_1_HostStandsInForAuthority) {
    Fields fields = with(":authority", "-");
    append(fields, "host", "localhost:1");
    EXPECT_EQ(head_behind2(1, fields).field("Host"), "localhost:1");
}

TEST_F(Http2Request, S8_3_1_HostThatAgreesIsOneField) {
    const auto head = head_behind2(1, request("GET", "/", {{"host", "LOCALHOST:443"}}));
    EXPECT_EQ(head.field("Host"), "localhost");
}

TEST_F(Http2Request, S8_3_1_OptionsOfTheServer) {
    EXPECT_EQ(head_behind2(1, request("OPTIONS", "*")).start, "OPTIONS * HTTP/1.1");
}

TEST_F(Http2Request, S8_5_ConnectIsNotOffered) {
    client2 = connect2();
    client2.request(1, {{":method", "CONNECT"}, {":authority", "localhost:22"}});
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).status(), 501);
    EXPECT_FALSE(backend.accept(20ms).open());
}

TEST_F(Http2Request, S8_1_1_ContentLengthThatCannotBeTrue) {
    expect_malformed(request("POST", "/", {{"content-length", "3"}}));
    expect_malformed(request("POST", "/", {{"content-length", "+3"}}), false);
    expect_malformed(request("POST", "/", {{"content-length", "3, 3"}}), false);
    expect_malformed(
        request("POST", "/", {{"content-length", "3"}, {"content-length", "3"}}), false
    );
}

TEST_F(Http2Request, S8_1_1_MoreContentThanItsLength) {
    const auto head = head_behind2(1, request("POST", "/", {{"content-length", "3"}}), false);
    client2.data(1, "abcd", true);
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).reset, h2::protocol_error);
    const auto rest = behind.rest();
    EXPECT_EQ(rest.bytes, "");
    EXPECT_EQ(rest.ending, Ending::reset);
}

TEST_F(Http2Request, S8_1_1_LessContentThanItsLength) {
    const auto head = head_behind2(1, request("POST", "/", {{"content-length", "5"}}), false);
    client2.data(1, "abc", true);
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).reset, h2::protocol_error);
    EXPECT_EQ(behind.rest().ending, Ending::reset);
}

TEST_F(Http2Request, ContentOfKnownLengthKeepsIt) {
    const auto ignored = head_behind2(1, request("POST", "/", {{"content-length", "6"}}), false);
    client2.data(1, "abc", false);
    client2.data(1, "def", true);
    EXPECT_EQ(behind.take(6), "abcdef");
    EXPECT_EQ(answered2(1, ok_with("ok")).status(), 200);
    EXPECT_TRUE(serves(3));
}

TEST_F(Http2Request, ContentOfUnknownLengthIsChunked) {
    client2 = connect2();
    client2.request(1, request("POST", "/"), false);
    behind = backend.accept();
    EXPECT_THAT(behind.until("\r\n\r\n"), HasSubstr("\r\nTransfer-Encoding: chunked\r\n"));
    client2.data(1, "abc", false);
    EXPECT_EQ(behind.take(8), "3\r\nabc\r\n");
    client2.data(1, "", true);
    EXPECT_EQ(behind.take(5), "0\r\n\r\n");
    EXPECT_EQ(answered2(1, ok_with("ok")).status(), 200);
}

TEST_F(Http2Request, S8_1_MalformedTrailersBreakTheRequestOff) {
    client2 = connect2();
    client2.request(1, request("POST", "/"), false);
    behind = backend.accept();
    static_cast<void>(behind.until("\r\n\r\n"));
    client2.data(1, "abc", false);
    EXPECT_EQ(behind.take(8), "3\r\nabc\r\n");
    client2.request(1, {{"x", "a\nb"}});
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).reset, h2::protocol_error);
    const auto rest = behind.rest();
    EXPECT_EQ(rest.bytes, "");
    EXPECT_EQ(rest.ending, Ending::reset);
}

TEST_F(Http2Request, S10_5_1_HeaderTooLargeIs431) {
    config.http.extra = "limits: { header: 4KiB, headers: 20 }";
    client2 = connect2();
    client2.request(1, request("GET", "/", {{"x", std::string(6000, 'a')}}));
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).status(), 431);
    Fields many = request("GET", "/");
    for (int i = 0; i < 30; ++i) {
        append(many, "x", "");
    }
    client2.request(3, many);
    ASSERT_TRUE(client2.done(3));
    EXPECT_EQ(client2.stream(3).status(), 431);
    EXPECT_FALSE(backend.accept(20ms).open());
    EXPECT_EQ(client2.settings().at(6), 4096U);
    EXPECT_TRUE(serves(5));
}

TEST_F(Http2Request, LookAlikesOfFramingFieldsAre400) {
    client2 = connect2();
    client2.request(1, request("GET", "/", {{"content_length", "5"}}));
    ASSERT_TRUE(client2.done(1));
    EXPECT_EQ(client2.stream(1).status(), 400);
}

}  // namespace
}  // namespace hsmfront::test
