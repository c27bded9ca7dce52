// KeyTable: limits, shutdown and what else both protocols share.
#include "config/key_table.hpp"
#include "config/problem.hpp"

namespace hsmfront::config {
namespace {

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
        texts(
            "proxy_protocol.accept_from",
            [](Settings& s) { return &s.proxy_protocol.accept_from; },
            check_network
        ),
        timeout("proxy_protocol.timeout", [](Settings& s) { return &s.proxy_protocol.timeout; }),
        example(text("admin.socket", [](Settings& s) { return &s.admin.socket; })),
        admin_listen(),
        boolean("admin.remote", [](Settings& s) { return &s.admin.remote; }),
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
    };
}

}  // namespace hsmfront::config
