// Targets, Host and persistence of a request.
#include "proxy/http/request.hpp"

#include <gtest/gtest.h>

namespace hsmfront::http {
namespace {

Parsed<Checked> check(
    std::string_view method,
    std::string_view target,
    Fields fields,
    Version version = Version::http1_1
) {
    RequestHead head;
    head.method = method;
    head.target = target;
    head.version = version;
    head.fields = std::move(fields);
    return check_request(head, "default.example");
}

Status fault(std::string_view method, std::string_view target, Fields fields) {
    const auto checked = check(method, target, std::move(fields));
    return checked ? Status{} : checked.error();
}

TEST(HttpTarget, OriginForm) {
    const auto checked = check("GET", "/a?b=|^{}", {{"Host", "a.example:8443"}});
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->path, "/a?b=|^{}");
    EXPECT_EQ(checked->request.host, "a.example:8443");
}

TEST(HttpTarget, AbsoluteFormOverridesHost) {
    const auto checked = check("GET", "HTTP://b.example:1/x", {{"Host", "a.example"}});
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->path, "/x");
    EXPECT_EQ(checked->request.host, "b.example:1");
    const auto empty = check("GET", "https://b.example", {{"Host", "a.example"}});
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->path, "/");
}

TEST(HttpTarget, AbsoluteFormStillNeedsAValidHost) {
    EXPECT_EQ(fault("GET", "http://b.example/", {}), Status::bad_request);
    EXPECT_EQ(fault("GET", "http://b.example/", {{"Host", "a b"}}), Status::bad_request);
}

TEST(HttpTarget, Asterisk) {
    const auto checked = check("OPTIONS", "*", {{"Host", "a"}});
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->path, "*");
    const auto absolute = check("OPTIONS", "http://a", {{"Host", "a"}});
    ASSERT_TRUE(absolute);
    EXPECT_EQ(absolute->path, "*");
    EXPECT_EQ(fault("GET", "*", {{"Host", "a"}}), Status::bad_request);
}

TEST(HttpTarget, RefusesOtherForms) {
    for (const std::string_view target :
         {"a.example:443",
          "ftp://a/",
          "http:/a",
          "http://",
          "http:///x",
          "http://u@a/",
          "http://u:p@a/",
          "http://a:0/",
          "http://a:65536/",
          "http://a:x/",
          "http://a?x",
          "http://[::1/",
          "http://[]/",
          "http://a\\b/",
          "x"}) {
        EXPECT_EQ(fault("GET", target, {{"Host", "a"}}), Status::bad_request) << target;
    }
}

TEST(HttpTarget, DoesNotOfferConnectAndTrace) {
    EXPECT_EQ(fault("CONNECT", "a:443", {{"Host", "a"}}), Status::not_implemented);
    EXPECT_EQ(fault("TRACE", "/", {{"Host", "a"}}), Status::not_implemented);
}

TEST(HttpHost, AcceptsNamesAndAddresses) {
    for (const std::string_view host :
         {"a",
          "a.example",
          "A_b-c.example.:443",
          "192.0.2.1",
          "[2001:db8::1]:8443",
          "[::1]",
          "a:"}) {
        EXPECT_EQ(fault("GET", "/", {{"Host", host}}), Status{}) << host;
    }
}

TEST(HttpHost, RefusesEverythingElse) {
    for (const std::string_view host :
         {"",
          "a b",
          "a,b",
          "a/b",
          "u@a",
          "a:b",
          "a:1:2",
          "a:-1",
          "a:70000",
          "[::1",
          "::1",
          "[::1]x",
          "[g]",
          "a\tb",
          "a%00",
          "<a>",
          "\xe4.example",
          ":443"}) {
        EXPECT_EQ(fault("GET", "/", {{"Host", host}}), Status::bad_request) << host;
    }
}

TEST(HttpHost, ExactlyOneInHttp11) {
    EXPECT_EQ(fault("GET", "/", {}), Status::bad_request);
    EXPECT_EQ(fault("GET", "/", {{"Host", "a"}, {"host", "a"}}), Status::bad_request);
}

TEST(HttpHost, DefaultInHttp10) {
    const auto checked = check("GET", "/", {}, Version::http1_0);
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->request.host, "default.example");
}

TEST(HttpRequest, Persistence) {
    EXPECT_TRUE(persistent(Version::http1_1, {}));
    EXPECT_FALSE(persistent(Version::http1_1, {{"Connection", "x, Close"}}));
    EXPECT_FALSE(persistent(Version::http1_0, {}));
    EXPECT_TRUE(persistent(Version::http1_0, {{"connection", "Keep-Alive"}}));
    EXPECT_FALSE(
        persistent(Version::http1_1, {{"Connection", "keep-alive"}, {"Connection", "close"}})
    );
}

TEST(HttpRequest, RepeatableOnlyIdempotentWithoutContent) {
    const Fields host{{"Host", "a"}};
    EXPECT_TRUE(check("GET", "/", host)->request.repeatable());
    EXPECT_TRUE(check("DELETE", "/", host)->request.repeatable());
    EXPECT_FALSE(check("POST", "/", host)->request.repeatable());
    EXPECT_FALSE(check("PUT", "/", {{"Host", "a"}, {"Content-Length", "1"}})->request.repeatable());
    EXPECT_FALSE(check("get", "/", host)->request.repeatable());
}

TEST(HttpRequest, WebSocketOnlyWhenAskedForInFull) {
    Fields fields{{"Host", "a"}, {"Connection", "keep-alive, Upgrade"}, {"Upgrade", "WebSocket"}};
    EXPECT_TRUE(check("GET", "/", fields)->request.websocket);
    EXPECT_FALSE(check("POST", "/", fields)->request.websocket);
    EXPECT_FALSE(check("GET", "/", fields, Version::http1_0)->request.websocket);
    fields[1].value = "keep-alive";
    EXPECT_FALSE(check("GET", "/", fields)->request.websocket);
    fields[1].value = "Upgrade";
    fields[2].value = "h2c";
    EXPECT_FALSE(check("GET", "/", fields)->request.websocket);
}

}  // namespace
}  // namespace hsmfront::http
