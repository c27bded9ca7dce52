// StatusPage: which path is answered with what, and that the page's JSON is JSON.
#include "proxy/admin/status_page.hpp"

#include "config/yaml_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::admin {
namespace {

using config::YamlNode;
using ::testing::HasSubstr;

constexpr std::time_t today = 1'800'000'000;

ServiceStatus served() {
    ServiceStatus status;
    status.version = "1.2.3";
    ProtocolStatus http;
    http.name = "http";
    http.phase = ProtocolStatus::Phase::up;
    http.certificates = {{"ec", "CN=\"a\\b\"\n\x01", "P-256", today + 3 * 86'400}};
    status.protocols = {http};
    status.limits = {{"connections", 7}};
    status.http.requests = {1, 0, 20, 3, 4, 5};
    status.ftp.transfers = {{"download", 2, 1, 99}};
    status.backends = {{"127.0.0.1:80", true, 1, 2, 3, 4, 5, 0.5}};
    certs::HsmStatus hsm;
    hsm.tokens.emplace_back().label = "token";
    hsm.keys.emplace_back().token = "token";
    status.hsm = hsm;
    status.latency.sample(hsm);
    hsm.keys[0].latency.counts[0] = 1;
    hsm.keys[0].latency.sum = 0.002;
    status.latency.sample(hsm);
    return status;
}

Page page(std::string_view path) { return page_of(path, served, today); }

/// The node at a path of names; JSON is YAML.
const YamlNode& at(const YamlNode& tree, const std::vector<std::string>& path) {
    const YamlNode* node = &tree;
    for (const std::string& name : path) {
        const bool index = node->kind == YamlNode::Kind::sequence;
        const YamlNode* next = nullptr;
        for (std::size_t i = 0; i < node->children.size(); ++i) {
            if (index ? std::to_string(i) == name : node->children[i].key == name) {
                next = &node->children[i];
            }
        }
        if (next == nullptr) {
            ADD_FAILURE() << "no " << name;
            return tree;
        }
        node = next;
    }
    return *node;
}

TEST(StatusPage, JsonHasWhatThePageShows) {
    const Page shown = page("/status.json");
    EXPECT_EQ(shown.type, "application/json");
    const auto tree = config::parse_yaml(shown.body, "status.json");
    ASSERT_TRUE(tree) << shown.body;
    const auto text = [&](const std::vector<std::string>& path) { return at(*tree, path).text; };
    EXPECT_EQ(text({"version"}), "1.2.3");
    EXPECT_EQ(text({"ready"}), "true");
    EXPECT_EQ(text({"refused", "0", "count"}), "7");
    EXPECT_EQ(text({"protocols", "0", "certificates", "0", "days_left"}), "3");
    EXPECT_EQ(text({"protocols", "0", "certificates", "0", "subject"}), "CN=\"a\\b\"\n\x01");
    EXPECT_EQ(text({"http", "requests", "2xx"}), "20");
    EXPECT_EQ(text({"http", "requests", "none"}), "1");
    EXPECT_EQ(text({"ftp", "transfers", "0", "bytes"}), "99");
    EXPECT_EQ(text({"backends", "0", "retries"}), "4");
    EXPECT_EQ(text({"tokens", "0", "latency_ms", "1"}), "2");
}

TEST(StatusPage, JsonHasSessionsWhereTheyWereAskedFor) {
    EXPECT_TRUE(shows_sessions("/status.json"));
    EXPECT_FALSE(shows_sessions("/metrics"));
    EXPECT_EQ(page("/status.json").body.find("\"sessions\":{\"total\""), std::string::npos);
    auto status = served();
    status.sessions.emplace();
    net::SessionFacts facts;
    facts.id = 7;
    facts.user = "</script>\"\x1b[2J" + std::string(1'000, 'x');
    facts.doing = "STOR";
    facts.received = 123;
    status.sessions->add({5, {facts}});
    const Page shown = page_of(
        "/status.json", [&] { return status; }, today
    );
    EXPECT_EQ(shown.body.find('\x1b'), std::string::npos);
    EXPECT_LT(shown.body.size(), page("/status.json").body.size() + 500);
    const auto tree = config::parse_yaml(shown.body, "status.json");
    ASSERT_TRUE(tree) << shown.body;
    const auto text = [&](const std::vector<std::string>& path) { return at(*tree, path).text; };
    EXPECT_EQ(text({"sessions", "total"}), "5");
    EXPECT_EQ(text({"sessions", "shown", "0", "id"}), "7");
    EXPECT_THAT(text({"sessions", "shown", "0", "user"}), ::testing::StartsWith("</script>\"\x1b"));
    EXPECT_EQ(text({"sessions", "shown", "0", "received"}), "123");
}

TEST(StatusPage, ReadyzSaysWhyNot) {
    EXPECT_EQ(page("/readyz").status, 200U);
    auto draining = served();
    draining.draining = true;
    const Page told = page_of(
        "/readyz", [&] { return draining; }, now
    );
    EXPECT_EQ(told.status, 503U);
    EXPECT_THAT(told.body, HasSubstr("told to stop"));
}

TEST(StatusPage, LivingIsNotBeingReady) {
    EXPECT_EQ(
        page_of(
            "/healthz", [] { return ServiceStatus{}; }, now
        )
            .status,
        200U
    );
    EXPECT_EQ(
        page_of(
            "/readyz", [] { return ServiceStatus{}; }, now
        )
            .status,
        503U
    );
}

TEST(StatusPage, RefersToNothingThatItDoesNotServe) {
    const std::string html = page("/").body;
    EXPECT_EQ(html.find("http://"), std::string::npos);
    EXPECT_EQ(html.find("https://"), std::string::npos);
    for (std::size_t i = 0; (i = html.find("=\"status.", i)) != std::string::npos; ++i) {
        const std::string path = "/" + html.substr(i + 2, html.find('"', i + 2) - i - 2);
        EXPECT_EQ(page(path).status, 200U) << path;
    }
    EXPECT_EQ(page("/nothing").status, 404U);
}

TEST(StatusPage, MetricsAndJsonSayTheSame) {
    EXPECT_THAT(
        page("/metrics").body, HasSubstr("hsmfront_http_requests_total{status=\"2xx\"} 20\n")
    );
    EXPECT_THAT(
        page("/metrics").body,
        HasSubstr("hsmfront_connections_refused_total{limit=\"connections\"} 7\n")
    );
}

}  // namespace
}  // namespace hsmfront::admin
