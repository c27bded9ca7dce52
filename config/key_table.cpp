// KeyTable: every key with an effect. Ranges stand here, defaults in settings.hpp.
#include "config/keys.hpp"
#include "config/problem.hpp"

#include <algorithm>
#include <iterator>

namespace hsmfront::config {
namespace {

constexpr milliseconds shortest = 1ms;
constexpr milliseconds longest = 365 * 24h;
constexpr std::size_t many = 10'000'000;

template <class At>
Key timeout(std::string path, At at) {
    return duration(std::move(path), at, shortest, longest);
}

Parsed<std::size_t> parse_workers(const std::string& text) {
    if (text == "auto") {
        return std::size_t{0};
    }
    if (const auto number = parse_number(text, 1, 1024)) {
        return static_cast<std::size_t>(*number);
    }
    return "expected auto or a whole number, 1–1024, found " + in_quotes(text);
}

/// max-age counts seconds (RFC 6797 §6.1.1).
Parsed<std::chrono::seconds> parse_max_age(const std::string& text) {
    const auto parsed = parse_duration(text);
    if (!parsed) {
        return parsed.error();
    }
    if (*parsed % 1s != 0ms || *parsed > 10 * longest) {
        return "must be whole seconds, at most 3650d, found " + in_quotes(text);
    }
    return std::chrono::duration_cast<std::chrono::seconds>(*parsed);
}

Parsed<std::optional<std::uint64_t>> parse_body_limit(const std::string& text) {
    if (text == "none") {
        return std::optional<std::uint64_t>{};
    }
    const auto parsed = parse_size(text);
    if (!parsed) {
        return "expected a size such as 10GiB, or none, found " + in_quotes(text);
    }
    return std::optional{*parsed};
}

template <class At>
Key aliases(std::string path, At at) {
    Key key = texts(std::move(path), at, check_alias);
    key.expected = "an alias or a list of two";
    key.read = [read = key.read](Settings& settings, const std::vector<std::string>& values) {
        if (values.empty() || values.size() > 2) {
            return std::string{"expected one alias, or two for an RSA and an EC key"};
        }
        if (values.size() == 2 && values[0] == values[1]) {
            return std::string{"the same alias twice"};
        }
        return read(settings, values);
    };
    return key;
}

/// PASV replies cannot hold an IPv6 address (RFC 959 §4.1.2).
std::string check_passive_address(const std::string& text) {
    if (!check_address(text).empty()) {
        return "expected auto or an IPv4 address, found " + in_quotes(text);
    }
    if (text.find(':') != std::string::npos) {
        return "PASV replies hold IPv4 addresses only, found " + in_quotes(text) +
               "; clients on IPv6 use EPSV, which needs no address";
    }
    return "";
}

template <class At>
Key passive_address(std::string path, At at) {
    Key key = text(std::move(path), at, check_passive_address);
    key.expected = "auto or an IPv4 address (by client: passive_rules)";
    key.read = [at, read = key.read](Settings& settings, const std::vector<std::string>& values) {
        if (values.front() == "auto") {
            at(settings)->clear();
            return std::string{};
        }
        return read(settings, values);
    };
    return key;
}

Key passive_rules() {
    Key key = list("ftp.data.passive_rules", [](Settings& s) { return &s.ftp.data.passive_rules; });
    key.expected = "a list of { clients, address }";
    return key;
}

template <class At>
Key proxy_version(std::string path, At at) {
    return choice<ProxyVersion>(
        std::move(path),
        at,
        {{"none", ProxyVersion::none}, {"v1", ProxyVersion::v1}, {"v2", ProxyVersion::v2}}
    );
}

Key forwarded_emit() {
    Key key;
    key.path = "http.forwarded.emit";
    key.expected = "a list of x-forwarded and forwarded";
    key.shape = Key::Shape::scalars;
    key.read = [](Settings& settings, const std::vector<std::string>& values) {
        Forwarded& forwarded = settings.http.forwarded;
        forwarded.x_forwarded = forwarded.forwarded = false;
        for (const std::string& value : values) {
            if (value == "x-forwarded") {
                forwarded.x_forwarded = true;
            } else if (value == "forwarded") {
                forwarded.forwarded = true;
            } else {
                return detail::not_one_of({"x-forwarded", "forwarded"}, value);
            }
        }
        return std::string{};
    };
    return key;
}

Key log_file() {
    Key key = text("log.file", [](Settings& s) { return &s.log.file; });
    key.expected = "stderr or a path";
    key.read = [read = key.read](Settings& settings, const std::vector<std::string>& values) {
        if (values.front() == "stderr") {
            settings.log.file.clear();
            return std::string{};
        }
        return read(settings, values);
    };
    return key;
}

std::vector<Key> hsm_keys() {
    return {
        example(text("hsm.module", [](Settings& s) { return &s.hsm.module; })),
        example(text("hsm.token", [](Settings& s) { return &s.hsm.token; })),
        example(text("hsm.pin.file", [](Settings& s) { return &s.hsm.pin.file; })),
        example(text("hsm.pin.env", [](Settings& s) { return &s.hsm.pin.env; })),
        example(text("hsm.pin.credential", [](Settings& s) { return &s.hsm.pin.credential; })),
        example(secret(text("hsm.pin.value", [](Settings& s) { return &s.hsm.pin.value; }))),
        timeout("hsm.pin_timeout", [](Settings& s) { return &s.hsm.pin_timeout; }),
        count(
            "hsm.signers", [](Settings& s) { return &s.hsm.signers; }, 1, 256
        ),
        timeout("hsm.sign_timeout", [](Settings& s) { return &s.hsm.sign_timeout; }),
        count(
            "hsm.queue_limit", [](Settings& s) { return &s.hsm.queue_limit; }, 1, 1'000'000
        ),
        example(text("certificates", [](Settings& s) { return &s.certificates; })),
    };
}

Key failover() {
    Key key = list("hsm.failover", [](Settings& s) { return &s.hsm.failover; });
    key.expected = "a list of { token, module, pin }";
    return key;
}

std::vector<Key> failover_keys() {
    return {
        example(failover()),
        example(
            text("hsm.failover[].token", [](Settings& s) { return &s.hsm.failover.back().token; })
        ),
        example(
            text("hsm.failover[].module", [](Settings& s) { return &s.hsm.failover.back().module; })
        ),
        example(text(
            "hsm.failover[].pin.file", [](Settings& s) { return &s.hsm.failover.back().pin.file; }
        )),
        example(text(
            "hsm.failover[].pin.env", [](Settings& s) { return &s.hsm.failover.back().pin.env; }
        )),
        example(text(
            "hsm.failover[].pin.credential",
            [](Settings& s) { return &s.hsm.failover.back().pin.credential; }
        )),
        example(secret(text(
            "hsm.failover[].pin.value", [](Settings& s) { return &s.hsm.failover.back().pin.value; }
        ))),
    };
}

std::vector<Key> tls_keys() {
    return {
        choice<TlsVersion>(
            "tls.min_version",
            [](Settings& s) { return &s.tls.min_version; },
            {{"1.2", TlsVersion::tls1_2}, {"1.3", TlsVersion::tls1_3}}
        ),
        text("tls.ciphers", [](Settings& s) { return &s.tls.ciphers; }),
        text("tls.ciphersuites", [](Settings& s) { return &s.tls.ciphersuites; }),
        text("tls.groups", [](Settings& s) { return &s.tls.groups; }),
        duration(
            "tls.tickets.lifetime", [](Settings& s) { return &s.tls.ticket_lifetime; }, 1min, 168h
        ),
        detail::scalar(
            "workers",
            "auto or a whole number",
            [](Settings& s) { return &s.workers; },
            parse_workers
        ),
        example(text("user", [](Settings& s) { return &s.user; })),
    };
}

char upper_letter(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// That of the host being read.
Backend& host_backend(Settings& settings) {
    auto& backend = settings.ftp.hosts.back().backend;
    return backend ? *backend : backend.emplace();
}

Key commands(std::string path, std::vector<std::string> FtpCommands::*field) {
    Key key = texts(
        std::move(path), [field](Settings& s) { return &(s.ftp.commands.*field); }, check_command
    );
    key.expected = "a list of commands such as [DELE, \"SITE CHMOD\"]";
    key.read = [read = key.read](Settings& settings, std::vector<std::string> values) {
        for (std::string& value : values) {
            std::ranges::transform(value, value.begin(), upper_letter);
        }
        return read(settings, values);
    };
    return key;
}

std::vector<Key> ftp_keys() {
    return {
        example(boolean("ftp.enabled", [](Settings& s) { return &s.ftp.enabled; })),
        boolean("ftp.hsm.enabled", [](Settings& s) { return &s.ftp.hsm_enabled; }),
        example(aliases("ftp.alias", [](Settings& s) { return &s.ftp.aliases; })),
        example(by_host("ftp.hosts", [](Settings& s) { return &s.ftp.hosts; })),
        example(
            aliases("ftp.hosts[].alias", [](Settings& s) { return &s.ftp.hosts.back().aliases; })
        ),
        example(text(
            "ftp.hosts[].backend.address",
            [](Settings& s) { return &host_backend(s).endpoint.address; },
            check_host
        )),
        example(port(
            "ftp.hosts[].backend.port", [](Settings& s) { return &host_backend(s).endpoint.port; }
        )),
        example(list("ftp.listen", [](Settings& s) { return &s.ftp.listen; })),
        example(text(
            "ftp.listen[].address",
            [](Settings& s) { return &s.ftp.listen.back().endpoint.address; },
            check_address
        )),
        example(port(
            "ftp.listen[].port", [](Settings& s) { return &s.ftp.listen.back().endpoint.port; }
        )),
        choice<FtpTlsMode>(
            "ftp.listen[].tls",
            [](Settings& s) { return &s.ftp.listen.back().tls; },
            {{"explicit", FtpTlsMode::explicit_tls}, {"implicit", FtpTlsMode::implicit_tls}}
        ),
        example(text(
            "ftp.backend.address",
            [](Settings& s) { return &s.ftp.backend.endpoint.address; },
            check_host
        )),
        example(port("ftp.backend.port", [](Settings& s) { return &s.ftp.backend.endpoint.port; })),
        proxy_version(
            "ftp.backend.proxy_protocol", [](Settings& s) { return &s.ftp.proxy_protocol.control; }
        ),
        proxy_version(
            "ftp.backend.data_proxy_protocol",
            [](Settings& s) { return &s.ftp.proxy_protocol.data; }
        ),
        boolean("ftp.require_tls.control", [](Settings& s) { return &s.ftp.require_tls_control; }),
        boolean("ftp.require_tls.data", [](Settings& s) { return &s.ftp.require_tls_data; }),
        boolean("ftp.allow_ccc", [](Settings& s) { return &s.ftp.allow_ccc; }),
    };
}

std::vector<Key> ftp_session_keys() {
    return {
        example(text("ftp.greeting", [](Settings& s) { return &s.ftp.greeting; })),
        commands("ftp.commands.allow", &FtpCommands::allow),
        commands("ftp.commands.deny", &FtpCommands::deny),
        count(
            "ftp.login.attempts", [](Settings& s) { return &s.ftp.login.attempts; }, 1, 100
        ),
        duration(
            "ftp.login.delay", [](Settings& s) { return &s.ftp.login.delay; }, 0ms, 30s
        ),
        detail::scalar(
            "ftp.login.failures_per_address",
            "a rate such as 30/m, or none",
            [](Settings& s) { return &s.ftp.login.failures_per_address; },
            parse_rate
        ),
    };
}

std::vector<Key> ftp_data_keys() {
    return {
        detail::scalar(
            "ftp.data.passive_ports",
            "a range of ports such as 50000-50999",
            [](Settings& s) { return &s.ftp.data.passive_ports; },
            parse_port_range
        ),
        passive_address(
            "ftp.data.passive_address", [](Settings& s) { return &s.ftp.data.passive_address; }
        ),
        example(passive_rules()),
        example(texts(
            "ftp.data.passive_rules[].clients",
            [](Settings& s) { return &s.ftp.data.passive_rules.back().clients; },
            check_network
        )),
        example(passive_address(
            "ftp.data.passive_rules[].address",
            [](Settings& s) { return &s.ftp.data.passive_rules.back().address; }
        )),
        choice<SessionReuse>(
            "ftp.data.session_reuse",
            [](Settings& s) { return &s.ftp.data.session_reuse; },
            {{"off", SessionReuse::off},
             {"accept", SessionReuse::accept},
             {"require", SessionReuse::require}}
        ),
        boolean(
            "ftp.data.require_close_notify",
            [](Settings& s) { return &s.ftp.data.require_close_notify; }
        ),
        choice<BackendData>(
            "ftp.data.backend",
            [](Settings& s) { return &s.ftp.data.backend; },
            {{"passive", BackendData::passive}, {"active", BackendData::active}}
        ),
        timeout("ftp.timeouts.handshake", [](Settings& s) { return &s.ftp.timeouts.handshake; }),
        timeout("ftp.timeouts.login", [](Settings& s) { return &s.ftp.timeouts.login; }),
        timeout("ftp.timeouts.idle", [](Settings& s) { return &s.ftp.timeouts.idle; }),
        timeout(
            "ftp.timeouts.data_connect", [](Settings& s) { return &s.ftp.timeouts.data_connect; }
        ),
        timeout("ftp.timeouts.data_stall", [](Settings& s) { return &s.ftp.timeouts.data_stall; }),
    };
}

std::vector<Key> http_keys() {
    return {
        example(boolean("http.enabled", [](Settings& s) { return &s.http.enabled; })),
        boolean("http.hsm.enabled", [](Settings& s) { return &s.http.hsm_enabled; }),
        example(aliases("http.alias", [](Settings& s) { return &s.http.aliases; })),
        example(by_host("http.hosts", [](Settings& s) { return &s.http.hosts; })),
        example(
            aliases("http.hosts[].alias", [](Settings& s) { return &s.http.hosts.back().aliases; })
        ),
        example(list("http.listen", [](Settings& s) { return &s.http.listen; })),
        example(text(
            "http.listen[].address",
            [](Settings& s) { return &s.http.listen.back().address; },
            check_address
        )),
        example(port("http.listen[].port", [](Settings& s) { return &s.http.listen.back().port; })),
        example(list("http.redirect", [](Settings& s) { return &s.http.redirect; })),
        example(text(
            "http.redirect[].address",
            [](Settings& s) { return &s.http.redirect.back().address; },
            check_address
        )),
        example(
            port("http.redirect[].port", [](Settings& s) { return &s.http.redirect.back().port; })
        ),
        example(text(
            "http.backend.address",
            [](Settings& s) { return &s.http.backend.endpoint.address; },
            check_host
        )),
        example(port("http.backend.port", [](Settings& s) { return &s.http.backend.endpoint.port; })
        ),
    };
}

std::vector<Key> http_behaviour_keys() {
    return {
        detail::scalar(
            "http.hsts",
            "a duration such as 365d",
            [](Settings& s) { return &s.http.hsts; },
            parse_max_age
        ),
        texts(
            "http.forwarded.trust",
            [](Settings& s) { return &s.http.forwarded.trust; },
            check_network
        ),
        forwarded_emit(),
        timeout("http.timeouts.handshake", [](Settings& s) { return &s.http.timeouts.handshake; }),
        timeout("http.timeouts.header", [](Settings& s) { return &s.http.timeouts.header; }),
        timeout("http.timeouts.idle", [](Settings& s) { return &s.http.timeouts.idle; }),
        timeout(
            "http.timeouts.backend_connect",
            [](Settings& s) { return &s.http.timeouts.backend_connect; }
        ),
        timeout(
            "http.timeouts.backend_response",
            [](Settings& s) { return &s.http.timeouts.backend_response; }
        ),
        timeout("http.timeouts.stall", [](Settings& s) { return &s.http.timeouts.stall; }),
    };
}

std::vector<Key> http_limit_keys() {
    return {
        size(
            "http.limits.header",
            [](Settings& s) { return &s.http.limits.header; },
            1024,
            1024 * 1024ULL
        ),
        count(
            "http.limits.headers", [](Settings& s) { return &s.http.limits.headers; }, 1, 10'000
        ),
        detail::scalar(
            "http.limits.body",
            "a size such as 10GiB, or none",
            [](Settings& s) { return &s.http.limits.body; },
            parse_body_limit
        ),
    };
}

std::vector<Key> common_keys() {
    return {
        count(
            "limits.connections", [](Settings& s) { return &s.limits.connections; }, 1, many
        ),
        count(
            "limits.per_address", [](Settings& s) { return &s.limits.per_address; }, 1, many
        ),
        detail::scalar(
            "limits.handshakes_per_address",
            "a rate such as 100/s, or none",
            [](Settings& s) { return &s.limits.handshakes_per_address; },
            parse_rate
        ),
        texts(
            "proxy_protocol.accept_from",
            [](Settings& s) { return &s.proxy_protocol.accept_from; },
            check_network
        ),
        timeout("proxy_protocol.timeout", [](Settings& s) { return &s.proxy_protocol.timeout; }),
        example(text("admin.socket", [](Settings& s) { return &s.admin.socket; })),
        choice<std::string>(
            "log.level",
            [](Settings& s) { return &s.log.level; },
            {{"trace", "trace"},
             {"debug", "debug"},
             {"info", "info"},
             {"warn", "warn"},
             {"error", "error"}}
        ),
        choice<LogFormat>(
            "log.format",
            [](Settings& s) { return &s.log.format; },
            {{"text", LogFormat::text}, {"json", LogFormat::json}}
        ),
        log_file(),
        duration(
            "shutdown.drain", [](Settings& s) { return &s.drain; }, 0ms, longest
        ),
    };
}

std::vector<Key> all_keys() {
    std::vector<Key> all;
    for (auto* part :
         {hsm_keys,
          failover_keys,
          tls_keys,
          ftp_keys,
          ftp_session_keys,
          ftp_data_keys,
          http_keys,
          http_behaviour_keys,
          http_limit_keys,
          common_keys}) {
        auto some = part();
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
}

}  // namespace

const std::vector<Key>& keys() {
    static const std::vector<Key> table = all_keys();
    return table;
}

}  // namespace hsmfront::config
