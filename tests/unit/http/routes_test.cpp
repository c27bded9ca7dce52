// Routes: hosts, prefixes, certificates, and paths that servers read in different ways.
#include "proxy/http/routes.hpp"

#include "proxy/http/errors.hpp"

#include <gtest/gtest.h>

namespace hsmfront::http {
namespace {

config::HttpBackends at(std::uint16_t port) { return {{{"127.0.0.1", port}}, {}}; }

/// The port of the backend found, or the status.
unsigned found(
    const Routes& routes,
    std::string_view authority,
    std::string_view path,
    std::string_view server_name = {}
) {
    const auto result = routes.find({server_name, authority, path});
    return result ? (*result)->servers.front().port : static_cast<unsigned>(result.error());
}

class HttpRoutes : public ::testing::Test {
  protected:
    HttpRoutes() {
        http_.aliases = {"default"};
        http_.backends = at(1);
    }

    void route(const std::string& host, const std::string& path, std::uint16_t port) {
        http_.routes.push_back({host, path, at(port)});
    }

    void host(const std::string& name, const std::string& alias, std::uint16_t port = 0) {
        http_.hosts.push_back({name, {alias}, {}, {}});
        if (port != 0) {
            http_.hosts.back().backends = at(port);
        }
    }

    config::Http http_;
};

TEST_F(HttpRoutes, OneBackendTakesEverything) {
    const Routes routes(http_);
    for (const char* const path : {"/", "/a/b?c", "*", "//x", "/a/../b", "/%2e%2e/", "/;/\\"}) {
        EXPECT_EQ(found(routes, "a.org", path), 1U) << path;
        EXPECT_EQ(found(routes, "", path), 1U) << path;
    }
    EXPECT_EQ(*routes.find({"", "a.org", "/"}), &http_.backends);
}

TEST_F(HttpRoutes, PrefixesEndAtSegments) {
    route("", "/api", 2);
    route("", "/docs/", 3);
    const Routes routes(http_);
    for (const char* const path : {"/api", "/api/", "/api/x", "/api?x", "/api/?/../", "/api/x;y"}) {
        EXPECT_EQ(found(routes, "a.org", path), 2U) << path;
    }
    for (const char* const path : {"/", "/apix", "/API", "/ap", "/x/api", "/?/api", "*", "/docs"}) {
        EXPECT_EQ(found(routes, "a.org", path), 1U) << path;
    }
    EXPECT_EQ(found(routes, "a.org", "/docs/"), 3U);
    EXPECT_EQ(found(routes, "a.org", "/docs/a"), 3U);
}

TEST_F(HttpRoutes, TheLongestPathIsTakenWhateverTheOrder) {
    route("", "/a", 2);
    route("", "/a/b/c", 4);
    route("", "/a/b", 3);
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "x", "/a/b/c/d"), 4U);
    EXPECT_EQ(found(routes, "x", "/a/b/d"), 3U);
    EXPECT_EQ(found(routes, "x", "/a/bc"), 2U);
}

TEST_F(HttpRoutes, TheMostExactHostGoesFirst) {
    route("", "/api/v1", 2);
    route("*.a.org", "/", 3);
    route("www.a.org", "/api", 4);
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "www.a.org", "/api/v1"), 4U);
    EXPECT_EQ(found(routes, "www.a.org", "/"), 3U) << "falls back to the wildcard";
    EXPECT_EQ(found(routes, "b.a.org", "/api/v1"), 3U);
    EXPECT_EQ(found(routes, "b.b.a.org", "/api/v1"), 2U) << "a wildcard covers one label";
    EXPECT_EQ(found(routes, "a.org", "/api/v1"), 2U);
    EXPECT_EQ(found(routes, "a.org", "/"), 1U);
}

TEST_F(HttpRoutes, CasePortsAndTrailingDotsAreNoPartOfAHost) {
    route("www.a.org", "/", 2);
    route("::1", "/", 3);
    route("10.0.0.1", "/", 4);
    const Routes routes(http_);
    for (const char* const authority :
         {"WWW.A.org", "www.a.org:8443", "www.a.org.", "www.a.org.:1"}) {
        EXPECT_EQ(found(routes, authority, "/"), 2U) << authority;
    }
    EXPECT_EQ(found(routes, "[::1]", "/"), 3U);
    EXPECT_EQ(found(routes, "[::1]:443", "/"), 3U);
    EXPECT_EQ(found(routes, "10.0.0.1:443", "/"), 4U);
    EXPECT_EQ(found(routes, "user@www.a.org", "/"), 1U) << "no authority, no host";
}

TEST_F(HttpRoutes, HostsHaveBackendsAndRoutes) {
    host("www.a.org", "www", 2);
    host("b.org", "b");
    route("www.a.org", "/static", 3);
    route("", "/static", 4);
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "www.a.org", "/", "www.a.org"), 2U);
    EXPECT_EQ(found(routes, "www.a.org", "/static/x", "www.a.org"), 3U);
    EXPECT_EQ(found(routes, "b.org", "/static/x", "b.org"), 4U);
    EXPECT_EQ(found(routes, "b.org", "/", "b.org"), 1U);
}

TEST_F(HttpRoutes, WhatNothingCoversIsNotFound) {
    http_.backends = {};
    route("a.org", "/api", 2);
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "a.org", "/api"), 2U);
    EXPECT_EQ(found(routes, "a.org", "/"), 404U);
    EXPECT_EQ(found(routes, "b.org", "/api"), 404U);
    EXPECT_EQ(found(routes, "a.org", "*"), 404U);
}

TEST_F(HttpRoutes, HostsOfOtherCertificatesAreMisdirected) {
    host("www.a.org", "www");
    host("*.b.org", "b");
    host("same.org", "www");
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "www.a.org", "/", "www.a.org"), 1U);
    EXPECT_EQ(found(routes, "WWW.a.org:443", "/", "www.a.org"), 1U);
    EXPECT_EQ(found(routes, "x.b.org", "/", "y.b.org"), 1U);
    EXPECT_EQ(found(routes, "same.org", "/", "www.a.org"), 1U) << "the same certificate";
    EXPECT_EQ(found(routes, "other.org", "/", "unknown.org"), 1U) << "both of the default";
    EXPECT_EQ(found(routes, "www.a.org", "/", "x.b.org"), 421U);
    EXPECT_EQ(found(routes, "www.a.org", "/", "unknown.org"), 421U);
    EXPECT_EQ(found(routes, "unknown.org", "/", "www.a.org"), 421U);
    EXPECT_EQ(found(routes, "10.0.0.1", "/", "www.a.org"), 421U);
}

TEST_F(HttpRoutes, WithoutServerNameTheDefaultCertificateWasShown) {
    host("www.a.org", "www");
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "www.a.org", "/"), 421U);
    EXPECT_EQ(found(routes, "other.org", "/"), 1U);
    EXPECT_EQ(found(routes, "10.0.0.1", "/"), 1U);
}

TEST_F(HttpRoutes, WithoutHostTheServerNameCounts) {
    host("www.a.org", "www", 2);
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "", "/", "www.a.org"), 2U);
    EXPECT_EQ(found(routes, "", "/"), 1U);
}

TEST_F(HttpRoutes, RoutesDoNotChangeCertificates) {
    host("*.a.org", "wild");
    route("www.a.org", "/", 2);
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "www.a.org", "/", "www.a.org"), 2U);
    EXPECT_EQ(found(routes, "www.a.org", "/", "x.a.org"), 2U) << "both have the wildcard's";
}

TEST_F(HttpRoutes, PathsThatSomeServersReadAsAnotherRouteAreRefused) {
    route("", "/api", 2);
    route("", "/admin", 3);
    const Routes routes(http_);
    for (const char* const path :
         {"/api/../admin",   "/api/..",           "/api/%2e%2e/admin", "/api/.%2E/admin?x",
          "/api/..%2fadmin", "/api%2f..%2fadmin", "/api/..\\admin",    "/api/..%5Cadmin",
          "/api\\x",         "/api%2Fx",          "/api/..;/admin",    "/api/..;x=y/admin",
          "/api;v=1/x",      "/;/admin",          "//admin",           "///admin/x",
          "/./admin",        "/%2e/admin",        "/x/../admin",       "/../admin",
          "/%2fadmin",       "/x/../../api"}) {
        EXPECT_EQ(found(routes, "a.org", path), 400U) << path;
    }
}

TEST_F(HttpRoutes, PathsThatAllServersReadAsTheSameRouteGoOn) {
    route("", "/api", 2);
    route("", "/~user", 3);
    const Routes routes(http_);
    for (const char* const path :
         {"/api//x",
          "/api/a%2Fb",
          "/api/https://b.org/",
          "/api/./x",
          "/api/x/../y",
          "/api/x;y=z",
          "/api/%zz%",
          "/api/%00",
          "/%61pi/x",
          "/ap%69"}) {
        EXPECT_EQ(found(routes, "a.org", path), 2U) << path;
    }
    EXPECT_EQ(found(routes, "a.org", "/%7Euser/"), 3U);
    EXPECT_EQ(found(routes, "a.org", "/%7euser"), 3U);
    for (const char* const path : {"//", "/x/..", "/.", "/%2561pi", "/x%2fapi", "/apix/..;/"}) {
        EXPECT_EQ(found(routes, "a.org", path), 1U) << path;
    }
}

TEST_F(HttpRoutes, WhatIsFoundInOneReadingOnlyIsRefused) {
    http_.backends = {};
    route("", "/api", 2);
    const Routes routes(http_);
    EXPECT_EQ(found(routes, "a.org", "/api/../x"), 400U);
    EXPECT_EQ(found(routes, "a.org", "/x/../y"), 404U);
}

TEST_F(HttpRoutes, RefusalsHavePages) {
    EXPECT_EQ(reason_phrase(Status::not_found), "Not Found");
    EXPECT_EQ(reason_phrase(Status::misdirected), "Misdirected Request");
}

}  // namespace
}  // namespace hsmfront::http
