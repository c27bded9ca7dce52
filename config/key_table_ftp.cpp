// KeyTable: ftp.
#include "config/key_table.hpp"
#include "config/problem.hpp"

#include <algorithm>

namespace hsmfront::config {
namespace {

using ClientCertificates = TlsPolicy::ClientCertificates;

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
    Key key = or_empty("auto", text(std::move(path), at, check_passive_address), at);
    key.expected = "auto or an IPv4 address (by client: passive_rules)";
    return key;
}

Key passive_rules() {
    Key key = list("ftp.data.passive_rules", [](Settings& s) { return &s.ftp.data.passive_rules; });
    key.expected = "a list of { clients, address }";
    return key;
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

std::vector<Key> control_keys() {
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

std::vector<Key> ftp_layer_keys() {
    std::vector<Key> all =
        tls_policy_keys("ftp.tls", [](Settings& s) -> TlsPolicy& { return s.ftp.tls; });
    append(all, tls_policy_keys("ftp.hosts[].tls", [](Settings& s) -> TlsPolicy& {
               return s.ftp.hosts.back().tls;
           }));
    append(all, client_certificate_keys("ftp.listen[]", [](Settings& s) -> ClientCertificates& {
               return s.ftp.listen.back().client_certificate;
           }));
    return all;
}

std::vector<Key> session_keys() {
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
        rate(
            "ftp.login.failures_per_address",
            [](Settings& s) { return &s.ftp.login.failures_per_address; }
        ),
    };
}

std::vector<Key> data_keys() {
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

}  // namespace

std::vector<Key> ftp_keys() {
    std::vector<Key> all;
    for (auto* part : {control_keys, ftp_layer_keys, session_keys, data_keys}) {
        append(all, part());
    }
    return all;
}

}  // namespace hsmfront::config
