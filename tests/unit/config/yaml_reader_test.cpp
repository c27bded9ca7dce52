// YamlReader: what a file may say, and every way it can be wrong.
#include "config/yaml_reader.hpp"

#include "config/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <unistd.h>

namespace hsmfront::config {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* http_only = R"(http:
  enabled: true
  hsm: { enabled: false }
  alias: httpd
  listen: [{ address: "::", port: 8443 }]
  backend: { address: 127.0.0.1, port: 8080 }
certificates: certs
)";

LoadResult read(const std::string& text, const std::vector<std::string>& overrides = {}) {
    return load_text(text, "/etc/hsmfront/f.yaml", overrides);
}

/// The problems of `text` on top of a sound configuration, without the file's name.
std::vector<std::string> problems(
    const std::string& text, const std::vector<std::string>& overrides = {}
) {
    std::vector<std::string> lines;
    for (Problem problem : read(http_only + text, overrides).problems) {
        problem.file = problem.file == "/etc/hsmfront/f.yaml" ? "f" : problem.file;
        problem.line -= problem.line > 0 ? 7 : 0;
        lines.push_back(render(problem));
    }
    return lines;
}

TEST(YamlReader, ReadsASmallFile) {
    const LoadResult result = read(http_only);
    EXPECT_THAT(result.problems, IsEmpty()) << render(result.problems);
    EXPECT_TRUE(result.ok());
    const Http& http = result.settings.http;
    EXPECT_TRUE(http.enabled);
    EXPECT_FALSE(http.hsm_enabled);
    EXPECT_THAT(http.aliases, ElementsAre("httpd"));
    EXPECT_THAT(http.listen, ElementsAre(HttpListener{{"::", 8443}}));
    EXPECT_THAT(http.backends.servers, ElementsAre(Endpoint{"127.0.0.1", 8080}));
    EXPECT_EQ(result.settings.certificates, "/etc/hsmfront/certs");
    EXPECT_FALSE(result.settings.needs_hsm());
}

TEST(YamlReader, ReadsEveryKindOfValue) {
    const LoadResult result = read(R"(
hsm: { module: m.so, token: "pkcs11:token=a", pin: { file: pin }, signers: 4, pin_timeout: 1m }
certificates: /c
workers: 3
user: nobody
tls: { min_version: 1.3, tickets: { lifetime: 1h } }
ftp:
  enabled: TRUE
  alias: [rsa, ec]
  listen:
    - { address: 10.0.0.1, port: 21 }
    - { address: 10.0.0.1, port: 990, tls: implicit }
  backend: { address: ftp.internal, port: 2121 }
  require_tls: { control: false, data: false }
  allow_ccc: true
  data: { passive_ports: 6000-6010, passive_address: 192.0.2.1, session_reuse: require }
  timeouts: { data_stall: 90s }
http: { forwarded: { trust: [10.0.0.0/8], emit: [forwarded] }, limits: { body: 1GiB }, hsts: 365d }
limits: { handshakes_per_address: 10/m, memory: 2GiB }
sandbox: { seccomp: false, landlock: true, read: opt, write: [/var/token, tokens/] }
log: { level: debug, format: json, file: log/hsmfront.log }
shutdown: { drain: 0 }
)");
    EXPECT_THAT(result.problems, IsEmpty()) << render(result.problems);
    const Settings& settings = result.settings;
    EXPECT_EQ(settings.hsm.module, "m.so");
    EXPECT_EQ(settings.hsm.token, "pkcs11:token=a");
    EXPECT_EQ(settings.hsm.pin.file, "/etc/hsmfront/pin");
    EXPECT_EQ(settings.hsm.signers, 4U);
    EXPECT_EQ(settings.hsm.pin_timeout, 60s);
    EXPECT_EQ(settings.workers, 3U);
    EXPECT_EQ(settings.user, "nobody");
    EXPECT_EQ(settings.tls.policy.min_version, TlsVersion::tls1_3);
    EXPECT_EQ(settings.tls.tickets.lifetime, 1h);
    EXPECT_THAT(settings.ftp.aliases, ElementsAre("rsa", "ec"));
    EXPECT_THAT(
        settings.ftp.listen,
        ElementsAre(
            FtpListener{{"10.0.0.1", 21}, FtpTlsMode::explicit_tls},
            FtpListener{{"10.0.0.1", 990}, FtpTlsMode::implicit_tls}
        )
    );
    EXPECT_EQ(settings.ftp.backend.endpoint, (Endpoint{"ftp.internal", 2121}));
    EXPECT_FALSE(settings.ftp.require_tls_control);
    EXPECT_FALSE(settings.ftp.require_tls_data);
    EXPECT_TRUE(settings.ftp.allow_ccc);
    EXPECT_EQ(settings.ftp.data.passive_ports, (PortRange{6000, 6010}));
    EXPECT_EQ(settings.ftp.data.passive_address, "192.0.2.1");
    EXPECT_EQ(settings.ftp.data.session_reuse, SessionReuse::require);
    EXPECT_EQ(settings.ftp.timeouts.data_stall, 90s);
    EXPECT_THAT(settings.http.forwarded.trust, ElementsAre("10.0.0.0/8"));
    EXPECT_FALSE(settings.http.forwarded.x_forwarded);
    EXPECT_TRUE(settings.http.forwarded.forwarded);
    EXPECT_EQ(settings.http.limits.body, 1ULL << 30);
    EXPECT_EQ(settings.http.hsts, 8760h);
    EXPECT_EQ(settings.limits.handshakes_per_address, (Rate{10, 1min}));
    EXPECT_FALSE(settings.sandbox.seccomp);
    EXPECT_TRUE(settings.sandbox.landlock);
    EXPECT_THAT(settings.sandbox.read, ElementsAre("/etc/hsmfront/opt"));
    EXPECT_THAT(settings.sandbox.write, ElementsAre("/var/token", "/etc/hsmfront/tokens/"));
    EXPECT_EQ(settings.limits.memory, 2ULL << 30);
    EXPECT_EQ(settings.log.level, "debug");
    EXPECT_EQ(settings.log.format, LogFormat::json);
    EXPECT_EQ(settings.log.file, "/etc/hsmfront/log/hsmfront.log");
    EXPECT_EQ(settings.drain, 0ms);
}

TEST(YamlReader, ReadsWhatBalancersAndPassiveAddressesNeed) {
    const LoadResult result = read(R"(
ftp:
  backend: { proxy_protocol: v2, data_proxy_protocol: v1 }
  data:
    passive_rules:
      - { clients: [10.0.0.0/8, "fd00::/8"], address: 10.0.0.5 }
      - { clients: 192.0.2.1, address: auto }
proxy_protocol: { accept_from: [127.0.0.1, "2001:db8::/32"], timeout: 3s }
)");
    const Settings& settings = result.settings;
    EXPECT_EQ(settings.ftp.proxy_protocol, (FtpProxyProtocol{ProxyVersion::v2, ProxyVersion::v1}));
    EXPECT_THAT(
        settings.ftp.data.passive_rules,
        ElementsAre(
            PassiveRule{{"10.0.0.0/8", "fd00::/8"}, "10.0.0.5"}, PassiveRule{{"192.0.2.1"}, ""}
        )
    );
    EXPECT_EQ(settings.proxy_protocol, (ProxyProtocol{{"127.0.0.1", "2001:db8::/32"}, 3s}));
}

TEST(YamlReader, KeysAreCaseInsensitive) {
    const LoadResult result =
        read("Ftp:\n  HSM: { Enabled: false }\n  Data:\n    Passive_Ports: 2000\n");
    EXPECT_FALSE(result.settings.ftp.hsm_enabled);
    EXPECT_EQ(result.settings.ftp.data.passive_ports.first, 2000);
}

TEST(YamlReader, ReportsEverythingAtOnceInOrder) {
    EXPECT_THAT(
        problems("ftp:\n  hsm: { enabld: true }\n  alias: []\nworkers: -1\nlog: text\n"),
        ElementsAre(
            "f:2:10: error: ftp.hsm.enabld: unknown key; did you mean \"enabled\"?",
            "f:3:3: error: ftp.alias: expected one alias, or two for an RSA and an EC key",
            "f:4:1: error: workers: expected auto or a whole number, 1–1024, found \"-1\"",
            "f:5:1: error: log: expected a mapping, found a single value"
        )
    );
}

TEST(YamlReader, SuggestsKeysElsewhere) {
    EXPECT_THAT(
        problems("passive_ports: 1-2\n"),
        ElementsAre("f:1:1: error: passive_ports: unknown key; did you mean ftp.data.passive_ports?"
        )
    );
    EXPECT_THAT(
        problems("shutdown: { quux: 1 }\n"),
        ElementsAre("f:1:13: error: shutdown.quux: unknown key; known here: delay, drain, retire")
    );
    EXPECT_THAT(
        problems("Ftp.Hsm.enabled: false\n"), ElementsAre(HasSubstr("dotted names are for --set"))
    );
}

TEST(YamlReader, DuplicatesAreErrors) {
    EXPECT_THAT(
        problems("user: a\nlog: { level: info }\nUser: b\nlog: { level: warn, LEVEL: info }\n"),
        ElementsAre(
            "f:3:1: error: User: given twice, first in line 8",
            "f:4:1: error: log: given twice, first in line 9",
            "f:4:21: error: log.LEVEL: given twice, first in line 11"
        )
    );
    EXPECT_THAT(
        problems("ftp:\n  listen: [{ address: \"::\", port: 1, port: 2 }]\n"),
        ElementsAre("f:2:38: error: ftp.listen[0].port: given twice, first in line 9")
    );
}

TEST(YamlReader, WrongTypesSayExpectedAndFound) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"user: [a]", "user: expected text, found a list"},
        {"user: {a: b}", "user: expected text, found a mapping"},
        {"user:", "user: expected text, found nothing; leave the key out for its default"},
        {"user: \"\"", "user: must not be empty"},
        {"user: \"a\\0b\"", "user: must not contain control characters"},
        {"workers: 2.5", "workers: expected auto or a whole number, 1–1024, found \"2.5\""},
        {"tls: { min_version: 1.1 }", "tls.min_version: expected 1.2 or 1.3, found \"1.1\""},
        {"tls: { tickets: { lifetime: 8d } }",
         "tls.tickets.lifetime: must be between 1m and 7d, found \"8d\""},
        {"hsm: { signers: 257 }", "hsm.signers: expected a whole number, 1–256, found \"257\""},
        {"hsm: { sign_timeout: 0s }",
         "hsm.sign_timeout: must be between 1ms and 365d, found \"0s\""},
        {"ftp: { enabled: yes }", "ftp.enabled: expected true or false, found \"yes\""},
        {"ftp: { alias: [a, a] }", "ftp.alias: the same alias twice"},
        {"ftp: { alias: [a, [b]] }", "ftp.alias: expected an alias or a list of two, found a list"},
        {"ftp: { alias: a/b }", "ftp.alias: an alias names files"},
        {"ftp: { alias: .. }", "ftp.alias: an alias names files"},
        {"ftp: { alias: \"\" }", "ftp.alias: an alias must not be empty"},
        {"ftp: { listen: x }", "ftp.listen: expected a list of { address, port }, found \"x\""},
        {"ftp: { listen: [21] }", "ftp.listen[0]: expected { address, port }, found \"21\""},
        {"ftp: { listen: [{ address: localhost }] }",
         "ftp.listen[0].address: expected an IPv4 or IPv6 address, found \"localhost\""},
        {"ftp: { listen: [{ tls: maybe }] }",
         "ftp.listen[0].tls: expected explicit or implicit, found \"maybe\""},
        {"ftp: { backend: { address: \"a b\" } }",
         "ftp.backend.address: expected an address or host name, found \"a b\""},
        {"ftp: { data: { passive_address: here } }",
         "ftp.data.passive_address: expected auto or an IPv4 address, found \"here\""},
        {"ftp: { data: { passive_address: \"2001:db8::1\" } }",
         "PASV replies hold IPv4 addresses only, found \"2001:db8::1\"; clients on IPv6 use EPSV"},
        {"ftp: { data: { passive_address: [192.0.2.1] } }", "(by client: passive_rules)"},
        {"ftp: { data: { passive_rules: [{ clients: [10.0.0.0/33], address: auto }] } }",
         "ftp.data.passive_rules[0].clients: expected a network"},
        {"ftp: { data: { passive_rules: [{ clients: \"::/0\", address: \"::1\" }] } }",
         "ftp.data.passive_rules[0].address: PASV replies hold IPv4 addresses only"},
        {"ftp: { backend: { proxy_protocol: v3 } }",
         "ftp.backend.proxy_protocol: expected none, v1 or v2"},
        {"proxy_protocol: { accept_from: [balancer] }",
         "proxy_protocol.accept_from: expected a network"},
        {"ftp: { data: { passive_ports: 50999:50000 } }", "expected a range of ports"},
        {"limits: { connections: 0 }", "limits.connections: expected a whole number"},
        {"limits: { handshakes_per_address: 100 }", "expected a rate such as 100/s"},
        {"limits: { memory: 63MiB }", "expected a size of at least 64MiB, such as 2GiB, or none"},
        {"limits: { memory: much }", "or none, found \"much\""},
        {"log: { format: xml }", "log.format: expected text or json, found \"xml\""},
        {"log: { levels: { smtp: info } }", "log.levels.smtp: unknown key"},
        {"log: { levels: { ftp: loud } }", "log.levels.ftp: expected trace"},
        {"log: { syslog: { address: dev/log } }", "or a path such as /dev/log"},
        {"log: { syslog: { facility: kern } }", "log.syslog.facility: expected user"},
        {"log: { level: WARN }", "expected trace, debug, info, warn or error, found \"WARN\""},
        {"tls: []", "tls: expected a mapping, found a list"},
    };
    for (const auto& [text, message] : cases) {
        EXPECT_THAT(problems(text + "\n"), ElementsAre(HasSubstr(message))) << text;
    }
}

TEST(YamlReader, HttpValuesAreChecked) {
    const auto found = [](const std::string& key) { return problems("", {key}); };
    EXPECT_THAT(found("http.hsts=500ms"), ElementsAre(HasSubstr("must be whole seconds")));
    EXPECT_THAT(found("http.limits.header=1"), ElementsAre(HasSubstr("between 1KiB and 1MiB")));
    EXPECT_THAT(found("http.limits.body=all"), ElementsAre(HasSubstr("or none, found \"all\"")));
    EXPECT_THAT(
        found("http.forwarded.emit=[via]"),
        ElementsAre(HasSubstr("x-forwarded, forwarded or client-cert"))
    );
    EXPECT_THAT(found("http.forwarded.trust=[x]"), ElementsAre(HasSubstr("expected a network")));
    EXPECT_THAT(found("http.forwarded.emit=[]"), IsEmpty());
}

TEST(YamlReader, EmptySectionsAreFine) {
    EXPECT_THAT(problems("hsm:\n  pin:\ntls: {}\nlog:\n"), IsEmpty());
}

TEST(YamlReader, WeirdDocumentsAreProblems) {
    EXPECT_THAT(render(read("").problems), HasSubstr("no protocol is enabled"));
    EXPECT_THAT(render(read("- a\n").problems), HasSubstr("expected a mapping of keys at the top"));
    EXPECT_THAT(render(read("text").problems), HasSubstr("expected a mapping of keys at the top"));
    EXPECT_THAT(render(read("a: [\n").problems), HasSubstr("f.yaml:1:1: error: not valid YAML"));
    EXPECT_THAT(
        problems("ftp:\n  <<: { enabled: true }\n"),
        ElementsAre("f:2:3: error: ftp.<<: merge keys are not supported")
    );
    EXPECT_THAT(
        problems("\"a\\nb\": 1\n"), ElementsAre(HasSubstr("f:1:1: error: a\\x0ab: unknown key"))
    );
}

TEST(YamlReader, ExpandsEnvironment) {
    setenv("HSMFRONT_TEST_PORT", "2000-2009", 1);
    unsetenv("HSMFRONT_TEST_UNSET");
    const LoadResult result = read("ftp: { data: { passive_ports: \"${HSMFRONT_TEST_PORT}\" } }\n");
    EXPECT_EQ(result.settings.ftp.data.passive_ports, (PortRange{2000, 2009}));
    EXPECT_THAT(
        problems("user: ${HSMFRONT_TEST_UNSET}\n"),
        ElementsAre("f:1:1: error: user: environment variable HSMFRONT_TEST_UNSET is not set")
    );
    EXPECT_EQ(read("user: a$${b}").settings.user, "a${b}");
}

TEST(YamlReader, SynonymsOfOperators) {
    const LoadResult result = read(
        "Hsm: { keystorePath: tok, keystorePassword: \"0123\" }\n"
        "Ftp: { Ssl: { requireCloseNotify: false } }\n"
    );
    EXPECT_EQ(result.settings.hsm.token, "tok");
    EXPECT_EQ(result.settings.hsm.pin.value, "0123");
    EXPECT_FALSE(result.settings.ftp.data.require_close_notify);
    EXPECT_THAT(render(result.problems), Not(HasSubstr("unknown")));
}

TEST(YamlReader, SynonymAndKeyContradict) {
    EXPECT_THAT(
        problems("hsm: { token: a, keystorePath: a }\nftp:\n  ssl: { requireCloseNotify: true }\n"
                 "  data: { require_close_notify: true }\n"),
        ElementsAre(
            "f:1:18: error: hsm.keystorepath: is another name of hsm.token, which is given too",
            "f:3:10: error: ftp.ssl.requireclosenotify: is another name of "
            "ftp.data.require_close_notify, which is given too"
        )
    );
    EXPECT_THAT(
        problems("hsm: { keystorePassword: x, pin: { env: Y } }\n"),
        ElementsAre(HasSubstr("the PIN has another source"))
    );
}

TEST(YamlReader, NeverShowsThePin) {
    for (const char* text :
         {"hsm: { pin: SECRET77 }",
          "hsm: { pin: [SECRET77] }",
          "hsm: { pin: { SECRET77 } }",
          "hsm: { pin: { SECRET77: 1, SECRET77: 2 } }",
          "hsm: { pin: { SECRET77: { value: 1 } } }",
          "hsm: { pin: { valeu: SECRET77 } }",
          "hsm: { pin: { value: [SECRET77] } }",
          "hsm: { pin: { value: \"SECRET77\\0\" } }",
          "hsm: { pin: { value: \"SECRET77${\" } }",
          "hsm: { pin: { value: \"1${SECRET77}\" } }",
          "hsm: { pin: { value: SECRET77, file: x } }",
          "hsm: { keystorePassword: SECRET77, pin: { value: SECRET77 } }",
          "hsm: { keystorePassword: { a: SECRET77 } }"}) {
        const auto lines = problems(std::string{text} + "\n");
        EXPECT_THAT(lines, Not(IsEmpty())) << text;
        EXPECT_THAT(lines, Not(Contains(HasSubstr("SECRET77")))) << text;
    }
    EXPECT_THAT(
        problems("hsm: { pin: 1234 }\n"),
        ElementsAre(AllOf(HasSubstr("f:1:8: error: hsm.pin:"), HasSubstr("pin: { value: … }")))
    );
}

TEST(YamlReader, LaterKeysAreNeverIgnored) {
    EXPECT_THAT(
        problems("ftp: { backends: [{ address: a, port: 1 }] }\n"),
        ElementsAre(AllOf(HasSubstr(": error: "), HasSubstr("not available in this version")))
    );
    EXPECT_THAT(problems("ftp: { backends: [] }\nadmin:\n"), IsEmpty());
}

TEST(YamlReader, AdminListensOnAnAddressOrAUnixSocket) {
    const auto listen = [](const std::string& text) {
        return read(http_only, {"admin.listen=\"" + text + "\""}).settings.admin.listen;
    };
    EXPECT_FALSE(listen("none").enabled());
    EXPECT_EQ(listen("127.0.0.1:9180"), (AdminListen{{}, {"127.0.0.1", 9180}}));
    EXPECT_EQ(listen("[::1]:9180"), (AdminListen{{}, {"::1", 9180}}));
    EXPECT_EQ(listen("/run/admin.http"), (AdminListen{"/run/admin.http", {}}));
    for (const char* wrong : {"9180", "localhost:9180", "::1:9180", "[127.0.0.1]:1", "1.2.3.4:0"}) {
        EXPECT_THAT(
            problems("", {"admin.listen=\"" + std::string(wrong) + "\""}),
            ElementsAre(HasSubstr("expected an IP address and a port"))
        ) << wrong;
    }
}

TEST(YamlReader, AdminListensForOtherHostsOnlyWhenToldSo) {
    EXPECT_THAT(
        problems("admin: { listen: \"0.0.0.0:9180\" }\n"),
        ElementsAre(HasSubstr("admin.remote: true allows that"))
    );
    EXPECT_THAT(problems("admin: { listen: \"0.0.0.0:9180\", remote: true }\n"), IsEmpty());
    EXPECT_THAT(problems("admin: { listen: \"127.3.2.1:9180\" }\n"), IsEmpty());
    EXPECT_THAT(problems("admin: { listen: \"[::ffff:127.0.0.1]:9180\" }\n"), IsEmpty());
}

TEST(YamlReader, TheCaOfClientCertificatesIsFoundBesideTheFile) {
    const LoadResult result = load_text(
        "tls: { client_certificate: { mode: request, ca: clients.pem } }\n", "/etc/f.yaml"
    );
    EXPECT_EQ(result.settings.tls.policy.client_certificate.mode, ClientCertificateMode::request);
    EXPECT_EQ(result.settings.tls.policy.client_certificate.ca, "/etc/clients.pem");
}

TEST(YamlReader, LogHasLevelsOfComponents) {
    const Log log = read("log: { level: warn, levels: { ftp: debug, TLS: error } }\n").settings.log;
    EXPECT_THAT(log.levels, ElementsAre(Pair("ftp", "debug"), Pair("tls", "error")));
    EXPECT_EQ(log.level, "warn");
}

TEST(YamlReader, SyslogIsAUnixSocketOrAnAddress) {
    const auto log = [](const std::string& text) {
        return read("log: { file: syslog, access: syslog" + text + " }\n").settings.log;
    };
    EXPECT_EQ(log("").syslog, (Syslog{"/dev/log", {}, "daemon"}));
    EXPECT_EQ(log("").file, to_syslog);
    EXPECT_EQ(log("").access.file, to_syslog);
    EXPECT_EQ(
        log(", syslog: { address: /run/log, facility: local0 }").syslog,
        (Syslog{"/run/log", {}, "local0"})
    );
    EXPECT_EQ(
        log(", syslog: { address: \"[::1]:514\" }").syslog, (Syslog{"", {"::1", 514}, "daemon"})
    );
    EXPECT_EQ(read("log: { file: ./syslog }\n").settings.log.file, "/etc/hsmfront/syslog");
}

TEST(YamlReader, FailoverTokensKeepTheirOrder) {
    const LoadResult result = load_text(
        "hsm: { failover: [{ token: b }, { token: c, module: /m.so, pin: { file: pin } }] }\n"
        "admin: { socket: run/admin.sock }\n",
        "/etc/f.yaml"
    );
    const auto& others = result.settings.hsm.failover;
    ASSERT_EQ(others.size(), 2U) << render(result.problems);
    EXPECT_EQ(others[0].token, "b");
    EXPECT_FALSE(others[0].pin.configured());
    EXPECT_EQ(others[1].module, "/m.so");
    EXPECT_EQ(others[1].pin.file, "/etc/pin");
    EXPECT_EQ(result.settings.admin.socket, "/etc/run/admin.sock");
}

TEST(YamlReader, HostsHaveAliasesOfTheirOwn) {
    const LoadResult result = load_text(
        "http: { hosts: { WWW.example.com: { alias: [a, b] }, \"*.example.org\": { alias: c } } "
        "}\n",
        "f.yaml"
    );
    const auto& hosts = result.settings.http.hosts;
    ASSERT_EQ(hosts.size(), 2U) << render(result.problems);
    EXPECT_EQ(hosts[0], (Host{"www.example.com", {"a", "b"}}));
    EXPECT_EQ(hosts[1], (Host{"*.example.org", {"c"}}));
}

TEST(YamlReader, FtpHostsHaveBackendsOfTheirOwn) {
    const LoadResult result = load_text(
        "ftp: { hosts: { a.org: { alias: a, backend: { address: 10.0.0.1, port: 2122 } }, b.org: "
        "{ alias: b } } }\n",
        "f.yaml"
    );
    const auto& hosts = result.settings.ftp.hosts;
    ASSERT_EQ(hosts.size(), 2U) << render(result.problems);
    EXPECT_EQ(hosts[0].backend, (Backend{{"10.0.0.1", 2122}}));
    EXPECT_EQ(hosts[1].backend, std::nullopt);
}

TEST(YamlReader, CommandListsHoldCommandsInUpperCase) {
    const LoadResult result =
        load_text("ftp: { commands: { deny: [dele, site Chmod] } }\n", "f.yaml");
    EXPECT_THAT(result.settings.ftp.commands.deny, ElementsAre("DELE", "SITE CHMOD"));
    EXPECT_THAT(
        problems("ftp: { commands: { allow: [\"RETR *\"] } }\n"),
        ElementsAre(HasSubstr("f:1:20: error: ftp.commands.allow: expected a command"))
    );
}

TEST(YamlReader, HostsThatAreNoneSayWhere) {
    EXPECT_THAT(
        problems("ftp:\n  hosts:\n    \"*.*.org\": { alias: a }\n    b: c\n    d: { name: e }\n"),
        ElementsAre(
            HasSubstr("f:3:5: error: ftp.hosts[*.*.org]: expected a host name"),
            HasSubstr("f:4:5: error: ftp.hosts[b]: expected a mapping, found a single value"),
            HasSubstr("f:5:10: error: ftp.hosts[d].name: unknown key")
        )
    );
}

TEST(YamlReader, WarningsAreNotErrors) {
    const LoadResult result = read(http_only, {"hsm.pin.value=1234"});
    EXPECT_EQ(result.problems.size(), 1U);
    EXPECT_TRUE(result.ok());
}

TEST(YamlReader, UnreadableFilesSayWhy) {
    EXPECT_EQ(
        render(load("/nonexistent/f.yaml").problems),
        "/nonexistent/f.yaml: error: cannot be read: No such file or directory\n"
    );
    EXPECT_THAT(render(load("/").problems), HasSubstr("Is a directory"));
    EXPECT_FALSE(load("/").ok());
}

TEST(YamlReader, ReadsFromDisk) {
    const auto file = std::filesystem::temp_directory_path() /
                      ("hsmfront-config-" + std::to_string(::getpid()) + ".yaml");
    std::ofstream{file} << http_only;
    const LoadResult result = load(file);
    std::filesystem::remove(file);
    EXPECT_TRUE(result.ok()) << render(result.problems);
    EXPECT_EQ(result.settings.certificates, file.parent_path() / "certs");
    EXPECT_EQ(result.positions.find("http.alias").line, 4);
}

}  // namespace
}  // namespace hsmfront::config
