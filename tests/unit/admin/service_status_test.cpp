// ServiceStatus: when the service is ready, and how its state reads for people and for Prometheus.
#include "proxy/admin/service_status.hpp"

#include "proxy/admin/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace hsmfront::admin {
namespace {

using certs::TokenStatus;
using ::testing::HasSubstr;
using ::testing::Not;
using Phase = ProtocolStatus::Phase;

constexpr std::time_t now = 1'800'000'000;

ServiceStatus serving() {
    ServiceStatus status;
    status.version = "1.2.3";
    ProtocolStatus ftp;
    ftp.name = "ftp";
    ftp.phase = Phase::up;
    ftp.hsm = true;
    ftp.certificates = {{"rsa", "CN=ftp.example.com", "RSA-2048", now + 30 * 86'400}};
    ProtocolStatus http;
    http.name = "http";
    http.phase = Phase::up;
    status.protocols = {ftp, http};
    HandshakeStatus handshakes{"http", {}};
    handshakes.totals.done = {{{1, 2}, {30, 40}}};
    handshakes.totals.failed[static_cast<std::size_t>(tls::HandshakeCause::plain_http)] = 3;
    handshakes.totals.failed[static_cast<std::size_t>(tls::HandshakeCause::timed_out)] = 1;
    status.handshakes = {handshakes, {"ftp", {}}};
    TokenStatus token;
    token.label = "a \"quoted\\ token\"\n";
    token.state = TokenStatus::State::up;
    token.last_signature = std::chrono::steady_clock::now();
    token.wait.counts[0] = 3;
    token.wait.counts[2] = 2;
    token.wait.sum = 0.004;
    certs::KeyStatus key;
    key.alias = "rsa";
    key.token = token.label;
    key.signatures = 5;
    key.latency.counts = token.wait.counts;
    key.errors = {{"session", 1}, {"pin", 0}};
    status.hsm = certs::HsmStatus{{token}, {key}};
    return status;
}

TEST(ServiceStatus, IsReadyWhileAllServes) { EXPECT_EQ(serving().not_ready(), ""); }

TEST(ServiceStatus, IsNotReadyWhileTheHsmIsAway) {
    auto status = serving();
    status.hsm->tokens[0].state = TokenStatus::State::recovering;
    EXPECT_THAT(status.not_ready(), HasSubstr("ftp serves no new client"));
}

TEST(ServiceStatus, OneTokenOfTwoIsEnough) {
    auto status = serving();
    status.hsm->tokens.push_back(status.hsm->tokens[0]);
    status.hsm->tokens[0].state = TokenStatus::State::recovering;
    EXPECT_EQ(status.not_ready(), "");
}

TEST(ServiceStatus, IsNotReadyWithoutAFreshSignature) {
    auto status = serving();
    status.hsm->tokens[0].last_signature -= std::chrono::seconds(31);
    EXPECT_THAT(status.not_ready(), HasSubstr("no signature for 30 s"));
}

TEST(ServiceStatus, IsNotReadyWhileAProtocolWaits) {
    for (const Phase phase : {Phase::away, Phase::waiting_pin}) {
        auto status = serving();
        status.protocols[0].phase = phase;
        EXPECT_THAT(status.not_ready(), HasSubstr("ftp waiting for the ")) << name(phase);
    }
}

TEST(ServiceStatus, AProtocolThatIsDownIsNoMoreWaitedFor) {
    auto status = serving();
    status.protocols[0].phase = Phase::down;
    EXPECT_EQ(status.not_ready(), "");
    status.protocols[1].phase = Phase::down;
    EXPECT_EQ(status.not_ready(), "no protocol serves");
}

TEST(ServiceStatus, ReadsWellInATerminal) {
    const auto text = render(serving(), now);
    EXPECT_THAT(text, HasSubstr("ready: yes"));
    EXPECT_THAT(
        text,
        HasSubstr("rsa (RSA-2048, key in HSM) CN=ftp.example.com, until 2027-02-14, "
                  "30 days left")
    );
    EXPECT_THAT(text, HasSubstr("rsa: 5 signatures, half <=0.5 ms, 99 of 100 <=2.5 ms"));
    EXPECT_THAT(text, HasSubstr("errors, session: 1"));
    EXPECT_THAT(text, Not(HasSubstr("errors, pin")));
    EXPECT_THAT(
        text,
        HasSubstr("handshakes, http: 31 full, 42 resumed, 4 failed: plain_http 3, timed_out 1\n")
    );
    EXPECT_THAT(text, HasSubstr("handshakes, ftp: 0 full, 0 resumed, 0 failed\n"));
}

/// Each line of the exposition format: comment, or name, labels and a number.
TEST(Metrics, AreInTheExpositionFormat) {
    const std::regex line(
        "# (HELP|TYPE) (hsmfront|process)_[a-z0-9_]+ .+|"
        R"re((hsmfront|process)_[a-z0-9_]+(\{[a-z_]+="([^"\\\n]|\\["\\n])*"(,[a-z_]+="([^"\\\n]|\\["\\n])*")*\})? [0-9.e+-]+)re"
    );
    std::istringstream text(render_metrics(serving()));
    std::map<std::string, int> types;
    for (std::string one; std::getline(text, one);) {
        EXPECT_TRUE(std::regex_match(one, line)) << one;
        if (one.starts_with("# TYPE ")) {
            ++types[one.substr(7, one.find(' ', 7) - 7)];
        }
    }
    EXPECT_GT(types.size(), 10U);
    for (const auto& [name, count] : types) {
        EXPECT_EQ(count, 1) << name;
    }
}

/// The dashboard for Grafana asks for nothing else.
TEST(Metrics, AreAllThatTheDashboardNames) {
    std::ifstream file(HSMFRONT_SOURCE_DIR "/docker/grafana.json");
    const std::string dashboard(std::istreambuf_iterator<char>(file), {});
    const std::string metrics = render_metrics(serving());
    const std::regex name("\\b(hsmfront|process)_[a-z0-9_]+");
    int found = 0;
    for (std::sregex_iterator one(dashboard.begin(), dashboard.end(), name), end; one != end;
         ++one) {
        std::string metric = one->str();
        if (metric.ends_with("_bucket")) {
            metric.resize(metric.size() - 7);
        }
        EXPECT_THAT(metrics, HasSubstr("# TYPE " + metric + " "));
        ++found;
    }
    EXPECT_GT(found, 15);
}

/// Of protocols that had none too, so that a rate can be told from the first one on.
TEST(Metrics, HandshakesAreCountedByProtocolVersionAndCause) {
    const auto text = render_metrics(serving());
    for (const char* line :
         {R"(handshakes_total{protocol="http",version="TLSv1.2",resumed="false"} 1)",
          R"(handshakes_total{protocol="http",version="TLSv1.2",resumed="true"} 2)",
          R"(handshakes_total{protocol="http",version="TLSv1.3",resumed="false"} 30)",
          R"(handshakes_total{protocol="http",version="TLSv1.3",resumed="true"} 40)",
          R"(handshakes_total{protocol="ftp",version="TLSv1.3",resumed="true"} 0)",
          R"(handshake_failures_total{protocol="http",cause="plain_http"} 3)",
          R"(handshake_failures_total{protocol="http",cause="internal"} 0)",
          R"(handshake_failures_total{protocol="ftp",cause="plain_http"} 0)"}) {
        EXPECT_THAT(text, HasSubstr("\nhsmfront_tls_" + std::string(line) + "\n"));
    }
}

TEST(Metrics, HistogramsAreCumulativeAndEndWithAll) {
    const auto text = render_metrics(serving());
    const std::string labels = R"({token="a \"quoted\\ token\"\n",alias="rsa",le=)";
    EXPECT_THAT(text, HasSubstr("hsmfront_hsm_sign_seconds_bucket" + labels + "\"0.0005\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("hsmfront_hsm_sign_seconds_bucket" + labels + "\"0.001\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("hsmfront_hsm_sign_seconds_bucket" + labels + "\"0.0025\"} 5\n"));
    EXPECT_THAT(text, HasSubstr("hsmfront_hsm_sign_seconds_bucket" + labels + "\"+Inf\"} 5\n"));
    EXPECT_THAT(text, HasSubstr("hsmfront_ready 1\n"));
    EXPECT_THAT(text, HasSubstr(R"(hsmfront_protocol_up{protocol="ftp"} 1)"));
}

}  // namespace
}  // namespace hsmfront::admin
