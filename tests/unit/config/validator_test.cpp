// Validator: each rule, on settings that break only that one.
#include "config/validator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hsmfront::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

Settings sound() {
    Settings settings;
    settings.hsm.module = "m.so";
    settings.hsm.token = "t";
    settings.certificates = "/c";
    settings.ftp.enabled = true;
    settings.ftp.aliases = {"ftpd"};
    settings.ftp.listen = {{{"0.0.0.0", 21}, FtpTlsMode::explicit_tls}};
    settings.ftp.backend.endpoint = {"127.0.0.1", 2121};
    settings.http.enabled = true;
    settings.http.aliases = {"httpd"};
    settings.http.listen = {{{"0.0.0.0", 443}}};
    settings.http.redirect = {{"0.0.0.0", 80}};
    settings.http.backends.servers = {{"127.0.0.1", 8080}};
    return settings;
}

std::vector<std::string> problems(const Settings& settings) {
    std::vector<std::string> lines;
    for (const Problem& problem : validate(settings, Positions{"f"})) {
        lines.push_back(problem.key + ": " + problem.message);
    }
    return lines;
}

TEST(Validator, AcceptsSoundSettings) { EXPECT_THAT(problems(sound()), IsEmpty()); }

TEST(Validator, WantsAProtocol) {
    EXPECT_THAT(problems({}), ElementsAre(HasSubstr("no protocol is enabled")));
}

TEST(Validator, DisabledProtocolsAreNotLookedAt) {
    Settings settings = sound();
    settings.http = {};
    EXPECT_THAT(problems(settings), IsEmpty());
    settings = sound();
    settings.ftp = {};
    settings.ftp.data.passive_ports = {9, 1};
    EXPECT_THAT(problems(settings), IsEmpty());
}

TEST(Validator, ClientCertificatesNeedTheirCa) {
    Settings settings = sound();
    for (const auto mode : {ClientCertificateMode::request, ClientCertificateMode::require}) {
        settings.tls.policy.client_certificate.mode = mode;
        settings.tls.policy.client_certificate.ca.reset();
        EXPECT_THAT(
            problems(settings), ElementsAre(HasSubstr("tls.client_certificate.ca: is missing"))
        );
        settings.tls.policy.client_certificate.ca = "/ca.pem";
        EXPECT_THAT(problems(settings), IsEmpty());
    }
}

TEST(Validator, FailoverTokensAreOthersWithOnePinSource) {
    Settings settings = sound();
    settings.hsm.failover.resize(3);
    settings.hsm.failover[0].token = "t";
    settings.hsm.failover[1].token = "t";
    settings.hsm.failover[1].module = "other.so";
    settings.hsm.failover[1].pin.file = "/pin";
    settings.hsm.failover[1].pin.env = "PIN";
    EXPECT_THAT(
        problems(settings),
        UnorderedElementsAre(
            "hsm.failover[0].token: is hsm.token itself",
            "hsm.failover[1].pin.env: the PIN has another source, hsm.failover[1].pin.file; keep "
            "one",
            "hsm.failover[2].token: is missing: label or URI of the token"
        )
    );
}

TEST(Validator, HsmIsNeededOnlyByProtocolsThatUseIt) {
    Settings settings = sound();
    settings.hsm = {};
    EXPECT_THAT(
        problems(settings),
        ElementsAre(HasSubstr("hsm.module: is missing"), HasSubstr("hsm.token: is missing"))
    );
    settings.ftp.hsm_enabled = false;
    EXPECT_THAT(problems(settings), ElementsAre(HasSubstr("http.hsm"), HasSubstr("http.hsm")));
    settings.http.hsm_enabled = false;
    EXPECT_THAT(problems(settings), IsEmpty());
}

TEST(Validator, OnePinSource) {
    Settings settings = sound();
    settings.hsm.pin.env = "PIN";
    EXPECT_THAT(problems(settings), IsEmpty());
    settings.hsm.pin.file = "/pin";
    settings.hsm.pin.credential = "pin";
    EXPECT_THAT(
        problems(settings),
        UnorderedElementsAre(
            "hsm.pin.env: the PIN has another source, hsm.pin.file; keep one",
            "hsm.pin.credential: the PIN has another source, hsm.pin.file; keep one"
        )
    );
}

TEST(Validator, ReportsAllThatIsMissing) {
    Settings settings;
    settings.ftp.enabled = settings.http.enabled = true;
    settings.ftp.hsm_enabled = settings.http.hsm_enabled = false;
    settings.http.listen = {{{"", 0}}};
    std::vector<std::string> keys;
    for (const Problem& problem : validate(settings, Positions{})) {
        keys.push_back(problem.key);
    }
    EXPECT_THAT(
        keys,
        UnorderedElementsAre(
            "certificates",
            "ftp.alias",
            "ftp.listen",
            "ftp.backend.address",
            "ftp.backend.port",
            "http.alias",
            "http.backend.address",
            "http.backend.port",
            "http.listen[0].address",
            "http.listen[0].port"
        )
    );
}

TEST(Validator, ListenersMayNotMeet) {
    Settings settings = sound();
    settings.http.listen.push_back({{"10.0.0.1", 443}});
    settings.http.redirect.push_back({"0.0.0.0", 21});
    EXPECT_THAT(
        problems(settings),
        UnorderedElementsAre(
            "http.listen[1]: one of the two addresses covers the other, on the same port: "
            "http.listen[0]",
            "http.redirect[1]: listens on the same address and port as ftp.listen[0]"
        )
    );
}

TEST(Validator, PassivePortsKeepClear) {
    Settings settings = sound();
    settings.ftp.data.passive_ports = {50999, 50000};
    EXPECT_THAT(problems(settings), ElementsAre(HasSubstr("the first port is above the last")));
    settings.ftp.data.passive_ports = {1023, 2000};
    EXPECT_THAT(problems(settings), ElementsAre(HasSubstr("below 1024")));
    settings.ftp.data.passive_ports = {8000, 9000};
    settings.http.listen[0].endpoint.port = 8443;
    EXPECT_THAT(
        problems(settings), ElementsAre("ftp.data.passive_ports: holds port 8443 of http.listen[0]")
    );
}

TEST(Validator, PassiveRulesSayForWhom) {
    Settings settings = sound();
    settings.ftp.data.passive_rules = {{{"10.0.0.0/8"}, ""}, {{}, "192.0.2.1"}};
    EXPECT_THAT(
        problems(settings),
        ElementsAre("ftp.data.passive_rules[1].clients: is missing: the networks it is for")
    );
}

TEST(Validator, AnActiveBackendIsToldNothingOnDataConnections) {
    Settings settings = sound();
    settings.ftp.proxy_protocol = {ProxyVersion::v2, ProxyVersion::v2};
    EXPECT_THAT(problems(settings), IsEmpty());
    settings.ftp.data.backend = BackendData::active;
    EXPECT_THAT(
        problems(settings), ElementsAre(HasSubstr("ftp.backend.data_proxy_protocol: no connection"))
    );
}

TEST(Validator, BackendsMayNotBeOurselves) {
    Settings settings = sound();
    settings.ftp.backend.endpoint = {"localhost", 21};
    settings.http.backends.servers = {{"127.0.0.1", 80}};
    EXPECT_THAT(
        problems(settings),
        ElementsAre(
            HasSubstr("ftp.backend: points at ftp.listen[0]"),
            HasSubstr("http.backend: points at http.redirect[0]")
        )
    );
}

TEST(Validator, PlaintextLoginsWithImplicitListenersAreFine) {
    Settings settings = sound();
    settings.ftp.require_tls_control = false;
    settings.ftp.listen[0].tls = FtpTlsMode::implicit_tls;
    EXPECT_THAT(problems(settings), IsEmpty());
}

TEST(Validator, PointsAtTheKey) {
    Settings settings = sound();
    settings.ftp.backend.endpoint = {"127.0.0.1", 21};
    settings.http.aliases.clear();
    Positions positions{"f"};
    positions.add("ftp.backend", {"f", 9, 3});
    positions.add("http", {"f", 12, 1});
    const auto found = validate(settings, positions);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].line, 12);
    EXPECT_EQ(found[1].line, 9);
    EXPECT_EQ(found[1].column, 3);
}

TEST(Validator, HostsWithABackendNeedAllOfIt) {
    Settings settings = sound();
    settings.ftp.hosts = {{"a.org", {"a"}, Backend{{"127.0.0.1", 0}}}};
    EXPECT_THAT(
        problems(settings), ElementsAre("ftp.hosts[a.org].backend.port: is missing: a port number")
    );
    settings.ftp.hosts[0].backend = Backend{{"127.0.0.1", 21}};
    EXPECT_THAT(
        problems(settings),
        ElementsAre(HasSubstr("ftp.hosts[a.org].backend: points at ftp.listen[0]"))
    );
}

/// The problems of settings whose keys were `given`.
std::vector<std::string> problems(const Settings& settings, const std::vector<std::string>& given) {
    Positions positions{"f"};
    for (const std::string& key : given) {
        positions.add(key, {"f", 1, 1});
    }
    std::vector<std::string> lines;
    for (const Problem& problem : validate(settings, positions)) {
        lines.push_back(problem.key + ": " + problem.message);
    }
    return lines;
}

HttpBackends one_server(std::uint16_t port) { return {{{"127.0.0.1", port}}, {}}; }

TEST(Validator, BackendOrBackends) {
    Settings settings = sound();
    EXPECT_THAT(
        problems(settings, {"http.backend", "http.backend.port", "http.backends[0]"}),
        ElementsAre("http.backends: contradicts http.backend; keep one")
    );
    EXPECT_THAT(
        problems(settings, {"http.backend", "http.backend.proxy_protocol", "http.backends[0]"}),
        IsEmpty()
    );
    EXPECT_THAT(problems(settings, {"http.backend.port", "http.backends"}), IsEmpty());
}

TEST(Validator, EachHttpBackendIsChecked) {
    Settings settings = sound();
    settings.http.backends.servers = {{"127.0.0.1", 8080}, {"", 8081}};
    settings.http.hosts = {{"a.org", {"a"}, {}, one_server(443)}};
    settings.http.routes = {{"", "/a", one_server(0)}};
    EXPECT_THAT(
        problems(settings),
        UnorderedElementsAre(
            "http.backends[1].address: is missing: an address",
            HasSubstr("http.hosts[a.org].backend: points at http.listen[0]"),
            "http.routes[0].backend.port: is missing: a port number"
        )
    );
}

TEST(Validator, HttpWithoutADefaultBackendNeedsOthers) {
    Settings settings = sound();
    settings.http.backends = {};
    EXPECT_THAT(
        problems(settings),
        ElementsAre(HasSubstr("http.backend.address"), HasSubstr("http.backend.port"))
    );
    settings.http.routes = {{"", "/api", one_server(8080)}};
    EXPECT_THAT(problems(settings), IsEmpty()) << "all else is not found";
    settings.http.hosts = {{"a.org", {"a"}}};
    EXPECT_THAT(problems(settings), IsEmpty());
    settings.http.routes[0].host = "b.org";
    EXPECT_THAT(
        problems(settings),
        ElementsAre("http.hosts[a.org].backend: is missing: and there is no http.backend")
    );
    settings.http.hosts[0].backends = one_server(8081);
    EXPECT_THAT(problems(settings), IsEmpty());
}

TEST(Validator, RoutesSayWhereTo) {
    Settings settings = sound();
    settings.http.routes = {{"a.org", "/"}};
    EXPECT_THAT(
        problems(settings), ElementsAre("http.routes[0].backend: is missing: where its requests go")
    );
}

TEST(Validator, NoTwoRoutesCoverTheSame) {
    Settings settings = sound();
    settings.http.hosts = {{"a.org", {"a"}, {}, one_server(8081)}};
    settings.http.routes = {
        {"a.org", "/", one_server(1)},
        {"a.org", "/x", one_server(2)},
        {"", "/x", one_server(3)},
        {"", "/", one_server(4)},
        {"a.org", "/x", one_server(5)}};
    EXPECT_THAT(
        problems(settings),
        ElementsAre(
            "http.routes[0]: covers the same requests as http.hosts[a.org].backend",
            "http.routes[3]: covers the same requests as http.backend",
            "http.routes[4]: covers the same requests as http.routes[1]"
        )
    );
}

TEST(Validator, BalanceNeedsBackendsOfItsOwn) {
    Settings settings = sound();
    settings.http.hosts = {{"a.org", {"a"}}};
    EXPECT_THAT(
        problems(settings, {"http.hosts[a.org].balance"}),
        ElementsAre(HasSubstr("http.hosts[a.org].balance: has no effect"))
    );
}

TEST(Validator, CommandsAreAllowedOrDeniedNotBoth) {
    Settings settings = sound();
    settings.ftp.commands = {{"RETR"}, {"STOR"}};
    EXPECT_THAT(problems(settings), ElementsAre(HasSubstr("ftp.commands.deny: has no effect")));
}

}  // namespace
}  // namespace hsmfront::config
