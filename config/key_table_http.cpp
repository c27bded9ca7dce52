// KeyTable: http.
#include "config/key_table.hpp"
#include "config/problem.hpp"
#include "config/yaml_tree.hpp"

#include <algorithm>

namespace hsmfront::config {
namespace {

using ClientCertificates = TlsPolicy::ClientCertificates;

/// max-age counts seconds (RFC 6797 §6.1.1).
Parsed<std::chrono::seconds> parse_max_age(const std::string& text) {
    const auto parsed = parse_duration(text);
    if (!parsed) {
        return parsed.error();
    }
    if (*parsed % 1s != 0ms || *parsed > 10 * longest_time) {
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

Parsed<std::size_t> parse_connections(const std::string& text) {
    if (text == "none") {
        return std::size_t{0};
    }
    if (const auto number = parse_number(text, 1, most_things)) {
        return static_cast<std::size_t>(*number);
    }
    return "expected a whole number, or none, found " + in_quotes(text);
}

Key forwarded_emit() {
    using Field = std::pair<std::string, bool Forwarded::*>;
    static const std::vector<Field> fields{
        {"x-forwarded", &Forwarded::x_forwarded},
        {"forwarded", &Forwarded::forwarded},
        {"client-cert", &Forwarded::client_cert}};
    std::vector<std::string> names;
    for (const Field& field : fields) {
        names.push_back(field.first);
    }
    Key key;
    key.path = "http.forwarded.emit";
    key.expected = "a list of " + alternatives(names);
    key.shape = Key::Shape::scalars;
    key.read = [names](Settings& settings, const std::vector<std::string>& values) {
        for (const std::string& value : values) {
            if (std::ranges::find(names, value) == names.end()) {
                return detail::not_one_of(names, value);
            }
        }
        for (const auto& [name, field] : fields) {
            const bool wanted = std::ranges::find(values, name) != values.end();
            settings.http.forwarded.*field = wanted;
        }
        return std::string{};
    };
    return key;
}

/// An address and a port, the members of the Endpoint that `at` refers to.
template <class At>
std::vector<Key> endpoint_keys(const std::string& section, At at, TextCheck check) {
    return {
        example(text(
            section + ".address", [at](Settings& s) { return &at(s).address; }, check
        )),
        example(port(section + ".port", [at](Settings& s) { return &at(s).port; })),
    };
}

template <class At>
std::vector<Key> endpoint_list(const std::string& path, At at, TextCheck check) {
    std::vector<Key> keys{example(list(path, [at](Settings& s) { return &at(s); }))};
    const auto last = [at](Settings& s) -> Endpoint& { return at(s).back(); };
    append(keys, endpoint_keys(path + "[]", last, check));
    return keys;
}

using BackendsOf = HttpBackends& (*)(Settings&);

/// `backend`, or `backends`, and `balance`. That not both are given is for the validator.
std::vector<Key> backends_keys(const std::string& section, BackendsOf of) {
    const auto only = [of](Settings& s) -> Endpoint& {
        auto& servers = of(s).servers;
        return servers.empty() ? servers.emplace_back() : servers.front();
    };
    std::vector<Key> keys = endpoint_keys(section + ".backend", only, check_host);
    const auto servers = [of](Settings& s) -> std::vector<Endpoint>& { return of(s).servers; };
    append(keys, endpoint_list(section + ".backends", servers, check_host));
    keys.push_back(choice<Balance>(
        section + ".balance",
        [of](Settings& s) { return &of(s).balance; },
        {{"round_robin", Balance::round_robin}, {"least_connections", Balance::least_connections}}
    ));
    return keys;
}

std::vector<Key> listener_keys() {
    std::vector<Key> keys{
        example(boolean("http.enabled", [](Settings& s) { return &s.http.enabled; })),
        boolean("http.hsm.enabled", [](Settings& s) { return &s.http.hsm_enabled; }),
        example(aliases("http.alias", [](Settings& s) { return &s.http.aliases; })),
    };
    keys.push_back(example(list("http.listen", [](Settings& s) { return &s.http.listen; })));
    const auto last = [](Settings& s) -> Endpoint& { return s.http.listen.back().endpoint; };
    append(keys, endpoint_keys("http.listen[]", last, check_address));
    const auto redirect = [](Settings& s) -> std::vector<Endpoint>& { return s.http.redirect; };
    append(keys, endpoint_list("http.redirect", redirect, check_address));
    return keys;
}

std::vector<Key> http_layer_keys() {
    std::vector<Key> keys =
        tls_policy_keys("http.tls", [](Settings& s) -> TlsPolicy& { return s.http.tls; });
    append(keys, tls_policy_keys("http.hosts[].tls", [](Settings& s) -> TlsPolicy& {
               return s.http.hosts.back().tls;
           }));
    append(keys, client_certificate_keys("http.listen[]", [](Settings& s) -> ClientCertificates& {
               return s.http.listen.back().client_certificate;
           }));
    return keys;
}

std::vector<Key> host_keys() {
    std::vector<Key> keys{
        example(by_host("http.hosts", [](Settings& s) { return &s.http.hosts; })),
        example(
            aliases("http.hosts[].alias", [](Settings& s) { return &s.http.hosts.back().aliases; })
        ),
    };
    append(keys, backends_keys("http.hosts[]", [](Settings& s) -> HttpBackends& {
               return s.http.hosts.back().backends;
           }));
    keys.back() = example(keys.back());
    return keys;
}

Key route_host() {
    Key key = text(
        "http.routes[].host",
        [](Settings& s) { return &s.http.routes.back().host; },
        check_host_pattern
    );
    key.read = [read = key.read](Settings& settings, const std::vector<std::string>& values) {
        return read(settings, {lower_case(values.front())});
    };
    return key;
}

std::vector<Key> route_keys() {
    Key routes = list("http.routes", [](Settings& s) { return &s.http.routes; });
    routes.expected = "a list of { host, path, backend }";
    std::vector<Key> keys{
        example(std::move(routes)),
        example(route_host()),
        example(text(
            "http.routes[].path",
            [](Settings& s) { return &s.http.routes.back().path; },
            check_url_path
        )),
    };
    append(keys, backends_keys("http.routes[]", [](Settings& s) -> HttpBackends& {
               return s.http.routes.back().backends;
           }));
    keys.back() = example(keys.back());
    return keys;
}

Key health_path() {
    const auto at = [](Settings& s) { return &s.http.health.path; };
    Key key = or_empty("none", text("http.health.path", at, check_url_target), at);
    key.expected = "none or a path such as /health";
    return key;
}

std::vector<Key> backend_keys() {
    std::vector<Key> keys =
        backends_keys("http", [](Settings& s) -> HttpBackends& { return s.http.backends; });
    append(
        keys,
        {
            proxy_version(
                "http.backend.proxy_protocol", [](Settings& s) { return &s.http.proxy_protocol; }
            ),
            detail::scalar(
                "http.connections.max",
                "a whole number, or none",
                [](Settings& s) { return &s.http.connections.max; },
                parse_connections
            ),
            count(
                "http.connections.queue",
                [](Settings& s) { return &s.http.connections.queue; },
                0,
                most_things
            ),
            timeout(
                "http.connections.queue_timeout",
                [](Settings& s) { return &s.http.connections.queue_timeout; }
            ),
            count(
                "http.connections.idle",
                [](Settings& s) { return &s.http.connections.idle; },
                0,
                most_things
            ),
            timeout(
                "http.connections.idle_time",
                [](Settings& s) { return &s.http.connections.idle_time; }
            ),
            timeout("http.resolve", [](Settings& s) { return &s.http.resolve; }),
        }
    );
    return keys;
}

std::vector<Key> health_keys() {
    return {
        health_path(),
        timeout("http.health.interval", [](Settings& s) { return &s.http.health.interval; }),
        timeout("http.health.timeout", [](Settings& s) { return &s.http.health.timeout; }),
        count(
            "http.health.rise", [](Settings& s) { return &s.http.health.rise; }, 1, 100
        ),
        count(
            "http.health.fall", [](Settings& s) { return &s.http.health.fall; }, 1, 100
        ),
        timeout("http.health.pause", [](Settings& s) { return &s.http.health.pause; }),
        duration(
            "http.health.slow_start",
            [](Settings& s) { return &s.http.health.slow_start; },
            0ms,
            longest_time
        ),
    };
}

std::vector<Key> behaviour_keys() {
    return {
        boolean("http.http2", [](Settings& s) { return &s.http.http2; }),
        boolean("http.websocket", [](Settings& s) { return &s.http.websocket; }),
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

std::vector<Key> limit_keys() {
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

std::vector<Key> http2_limit_keys() {
    return {
        count(
            "http.limits.http2.streams",
            [](Settings& s) { return &s.http.limits.http2.streams; },
            1,
            10'000
        ),
        size(
            "http.limits.http2.window",
            [](Settings& s) { return &s.http.limits.http2.window; },
            16 * 1024ULL,
            16 * 1024 * 1024ULL
        ),
        rate("http.limits.http2.resets", [](Settings& s) { return &s.http.limits.http2.resets; }),
        rate("http.limits.http2.pings", [](Settings& s) { return &s.http.limits.http2.pings; }),
        rate(
            "http.limits.http2.empty_frames",
            [](Settings& s) { return &s.http.limits.http2.empty_frames; }
        ),
        count(
            "http.limits.http2.continuations",
            [](Settings& s) { return &s.http.limits.http2.continuations; },
            1,
            1'000
        ),
    };
}

}  // namespace

std::vector<Key> http_keys() {
    std::vector<Key> all;
    for (auto* const part :
         {listener_keys,
          backend_keys,
          health_keys,
          http_layer_keys,
          host_keys,
          route_keys,
          behaviour_keys,
          limit_keys,
          http2_limit_keys}) {
        append(all, part());
    }
    return all;
}

}  // namespace hsmfront::config
