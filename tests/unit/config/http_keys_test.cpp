// HttpKeys: backends, routes and limits of http, and the access log, as a file gives them.
#include "config/yaml_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace hsmfront::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* sound_text = R"(certificates: certs
http:
  enabled: true
  hsm: { enabled: false }
  alias: httpd
  listen: [{ address: "::", port: 8443 }]
)";

/// `text` holds more of the section http, indented.
LoadResult read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return load_text(sound_text + text, "/etc/f.yaml", overrides);
}

Http good(const std::string& text, const std::vector<std::string>& overrides = {}) {
    const LoadResult result = read(text, overrides);
    EXPECT_THAT(result.problems, IsEmpty()) << render(result.problems);
    return result.settings.http;
}

std::string wrong(const std::string& text) { return render(read(text).problems); }

TEST(HttpKeys, OneBackendIsAListOfOne) {
    const Http http = good("  backend: { address: 127.0.0.1, port: 8080, proxy_protocol: v2 }\n");
    EXPECT_EQ(http.backends, (HttpBackends{{{"127.0.0.1", 8080}}, Balance::round_robin}));
    EXPECT_EQ(http.proxy_protocol, ProxyVersion::v2);
}

TEST(HttpKeys, SeveralBackendsKeepTheirOrder) {
    const Http http = good(
        "  backends: [{ address: web-b, port: 2 }, { address: \"::1\", port: 1 }]\n"
        "  balance: least_connections\n  backend: { proxy_protocol: v1 }\n"
    );
    EXPECT_EQ(
        http.backends, (HttpBackends{{{"web-b", 2}, {"::1", 1}}, Balance::least_connections})
    );
    EXPECT_EQ(http.proxy_protocol, ProxyVersion::v1);
}

TEST(HttpKeys, BackendAndBackendsContradict) {
    for (const char* const text :
         {"  backend: { address: a, port: 1 }\n  backends: [{ address: b, port: 2 }]\n",
          "  backends: [{ address: b, port: 2 }]\n  backend: { address: a, port: 1 }\n"}) {
        EXPECT_THAT(
            wrong(text), HasSubstr("error: http.backends: contradicts http.backend; keep one\n")
        );
    }
    EXPECT_THAT(
        wrong(
            "  backend: { address: a, port: 1 }\n  routes:\n    - path: /x\n      backend: { port: "
            "1 }\n      backends: [{ address: b, port: 2 }]\n"
        ),
        HasSubstr("f.yaml:11:7: error: http.routes[0].backends: contradicts")
    );
}

TEST(HttpKeys, HostsAndRoutesHaveBackends) {
    const Http http = good(R"(  balance: least_connections
  hosts:
    WWW.example.com: { alias: www, backend: { address: 10.0.0.1, port: 80 } }
    "*.example.com": { alias: wild, backends: [{ address: a, port: 1 }], balance: round_robin }
  routes:
    - { host: API.example.com, path: /v1, backend: { address: 10.0.0.2, port: 80 } }
    - { backends: [{ address: b, port: 1 }, { address: b, port: 2 }], balance: round_robin }
)");
    ASSERT_EQ(http.hosts.size(), 2U);
    EXPECT_EQ(http.hosts[0].name, "www.example.com");
    EXPECT_EQ(
        http.hosts[0].backends, (HttpBackends{{{"10.0.0.1", 80}}, Balance::least_connections})
    );
    EXPECT_EQ(http.hosts[1].backends, (HttpBackends{{{"a", 1}}, Balance::round_robin}));
    EXPECT_THAT(
        http.routes,
        ElementsAre(
            HttpRoute{"api.example.com", "/v1", {{{"10.0.0.2", 80}}, Balance::least_connections}},
            HttpRoute{"", "/", {{{"b", 1}, {"b", 2}}, Balance::round_robin}}
        )
    );
}

TEST(HttpKeys, BehaviourTowardsBackends) {
    const Http http = good(R"(  backend: { address: a, port: 1 }
  connections: { max: 100, queue: 0, queue_timeout: 1s, idle: 0, idle_time: 5s }
  health: { path: "/up?full=1", interval: 1s, timeout: 500ms, rise: 1, fall: 5, pause: 3s, slow_start: 1m }
  resolve: 10s
)");
    EXPECT_EQ(http.connections, (HttpConnections{100, 0, 1s, 0, 5s}));
    EXPECT_EQ(http.health, (HttpHealth{"/up?full=1", 1s, 500ms, 1, 5, 3s, 1min}));
    EXPECT_EQ(http.resolve, 10s);
    const std::vector<std::string> off{"http.connections.max=none", "http.health.path=none"};
    EXPECT_EQ(good("  backend: { address: a, port: 1 }\n", off).connections, HttpConnections{});
}

TEST(HttpKeys, BoundsOfHttp2) {
    ::setenv("HSMFRONT_TEST_STREAMS", "7", 1);
    const Http http = good(R"(  backend: { address: a, port: 1 }
  http2: false
  limits:
    http2:
      streams: "${HSMFRONT_TEST_STREAMS}"
      window: 64KiB
      resets: 10/30s
      pings: none
      empty_frames: 5/m
      continuations: 2
)");
    EXPECT_FALSE(http.http2);
    EXPECT_EQ(http.limits.http2, (Http2Limits{7, 65'536, {10, 30s}, {0, 1s}, {5, 1min}, 2}));
}

TEST(HttpKeys, ForwardedFieldsAreChosen) {
    const Forwarded some = good(
                               "  backend: { address: a, port: 1 }\n  forwarded: { emit: "
                               "client-cert }\n"
    )
                               .forwarded;
    EXPECT_TRUE(some.client_cert);
    EXPECT_FALSE(some.x_forwarded || some.forwarded);
}

TEST(HttpKeys, ValuesAreChecked) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"balance: random", "http.balance: expected round_robin or least_connections"},
        {"backends: { address: a }", "expected a list of { address, port }, found a mapping"},
        {"backends: [a]", "http.backends[0]: expected { address, port }, found \"a\""},
        {"backend: { proxy_protocol: v3 }", "http.backend.proxy_protocol: expected none, v1 or v2"},
        {"routes: [/x]", "http.routes[0]: expected { host, path, backend }, found \"/x\""},
        {"routes: [{ path: x }]", "http.routes[0].path: must begin with \"/\", found \"x\""},
        {"routes: [{ path: \"/x?y\" }]", "holds a character that a path cannot"},
        {"routes: [{ path: /%61 }]", "or not in one way only, found \"/%61\""},
        {"routes: [{ path: /a/../b }]", "nor segments"},
        {"routes: [{ path: /a/. }]", "nor segments"},
        {"routes: [{ path: //a }]", "may not hold \"//\""},
        {"routes: [{ host: a/b }]", "http.routes[0].host: expected a host name"},
        {"health: { path: up }", "http.health.path: expected a path such as /health"},
        {"health: { path: \"/a b\" }", "http.health.path: expected a path such as /health"},
        {"health: { rise: 0 }", "http.health.rise: expected a whole number, 1–100"},
        {"connections: { max: 0 }", "http.connections.max: expected a whole number, or none"},
        {"limits: { http2: { window: 1KiB } }", "must be between 16KiB and 16MiB"},
        {"limits: { http2: { streams: 0 } }", "expected a whole number, 1–10000"},
        {"forwarded: { emit: [forwarded, via] }", "found \"via\""},
        {"backend: { port: 1, weight: 2 }", "http.backend.weight: unknown key"},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_THAT(wrong("  " + text + "\n"), HasSubstr(message)) << text;
    }
}

TEST(HttpKeys, TheAccessLogHasAShortForm) {
    const auto access = [](const std::string& text, const std::vector<std::string>& overrides = {}
                        ) { return load_text(text, "/etc/f.yaml", overrides).settings.log.access; };
    EXPECT_FALSE(access("").enabled());
    EXPECT_FALSE(access("log: { access: none }").enabled());
    EXPECT_EQ(access("log: { access: log/access }"), (AccessLog{"/etc/log/access", {}}));
    EXPECT_EQ(access("log: { access: \"-\" }"), (AccessLog{"-", LogFormat::text}));
    EXPECT_EQ(
        access("log: { access: { format: json, file: a.log } }"),
        (AccessLog{"/etc/a.log", LogFormat::json})
    );
    EXPECT_EQ(
        access("log: { access: a.log }", {"Log.Access=-"}), (AccessLog{"-", LogFormat::text})
    );
    EXPECT_EQ(
        access("log: { access: { format: json } }", {"log.access.file=-"}),
        (AccessLog{"-", LogFormat::json})
    );
}

TEST(HttpKeys, TheAccessLogHasNoOtherForm) {
    EXPECT_THAT(wrong("log: { access: [a] }\n"), HasSubstr("log.access: expected a mapping"));
    EXPECT_THAT(wrong("log: { access: \"\" }\n"), HasSubstr("log.access: must not be empty"));
    EXPECT_THAT(wrong("log: { access: stderr }\n"), HasSubstr("log.access: write \"-\""));
    EXPECT_THAT(wrong("log: { access: { path: a } }\n"), HasSubstr("log.access.path: unknown key"));
}

}  // namespace
}  // namespace hsmfront::config
