// KeyTable: limits, shutdown and what else both protocols share.
#include "config/key_table.hpp"
#include "config/problem.hpp"

namespace hsmfront::config {
namespace {

/// Less than the service takes at rest would refuse everyone.
constexpr std::uint64_t least_memory = 64 * 1024 * 1024;

Key memory_limit() {
    using Limit = std::optional<std::uint64_t>;
    const auto parse = [](const std::string& text) -> Parsed<Limit> {
        if (text == "none") {
            return Limit{};
        }
        const auto parsed = parse_size(text);
        if (!parsed || *parsed < least_memory) {
            return "expected a size of at least " + show_size(least_memory) +
                   ", such as 2GiB, or none, found " + in_quotes(text);
        }
        return Limit{*parsed};
    };
    return detail::scalar(
        "limits.memory",
        "a size such as 2GiB, or none",
        [](Settings& s) { return &s.limits.memory; },
        parse
    );
}

Key admin_listen() {
    const auto parse = [](const std::string& text) -> Parsed<AdminListen> {
        if (text == "none") {
            return AdminListen{};
        }
        if (text.starts_with('/') || text.starts_with("./")) {
            return AdminListen{text, {}};
        }
        auto endpoint = parse_endpoint(text);
        if (!endpoint) {
            return {boost::system::in_place_error, endpoint.error()};
        }
        return AdminListen{{}, std::move(*endpoint)};
    };
    return detail::scalar(
        "admin.listen",
        "none, an address and port such as 127.0.0.1:9180, or the path of a unix socket",
        [](Settings& s) { return &s.admin.listen; },
        parse
    );
}

}  // namespace

std::vector<Key> common_keys() {
    return {
        count(
            "limits.connections", [](Settings& s) { return &s.limits.connections; }, 1, most_things
        ),
        count(
            "limits.per_address", [](Settings& s) { return &s.limits.per_address; }, 1, most_things
        ),
        rate(
            "limits.handshakes_per_address",
            [](Settings& s) { return &s.limits.handshakes_per_address; }
        ),
        memory_limit(),
        texts(
            "proxy_protocol.accept_from",
            [](Settings& s) { return &s.proxy_protocol.accept_from; },
            check_network
        ),
        timeout("proxy_protocol.timeout", [](Settings& s) { return &s.proxy_protocol.timeout; }),
        example(text("admin.socket", [](Settings& s) { return &s.admin.socket; })),
        admin_listen(),
        boolean("admin.remote", [](Settings& s) { return &s.admin.remote; }),
        boolean("sandbox.seccomp", [](Settings& s) { return &s.sandbox.seccomp; }),
        boolean("sandbox.landlock", [](Settings& s) { return &s.sandbox.landlock; }),
        files("sandbox.read", [](Settings& s) { return &s.sandbox.read; }),
        files("sandbox.write", [](Settings& s) { return &s.sandbox.write; }),
    };
}

std::vector<Key> shutdown_keys() {
    return {
        duration(
            "shutdown.delay", [](Settings& s) { return &s.delay; }, 0ms, longest_time
        ),
        duration(
            "shutdown.drain", [](Settings& s) { return &s.drain; }, 0ms, longest_time
        ),
        duration(
            "shutdown.retire", [](Settings& s) { return &s.retire; }, 0ms, longest_time
        ),
    };
}

}  // namespace hsmfront::config
