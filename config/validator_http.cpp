// ValidatorHttp: every section that can hold backends is looked at in the same way.
#include "config/validator_http.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace hsmfront::config {
namespace {

std::string numbered(const std::string& list, std::size_t index) {
    return list + '[' + std::to_string(index) + ']';
}

/// A section with `backend`, `backends` and `balance`.
struct Section {
    std::string key;
    const HttpBackends& backends;
};

std::vector<Section> sections(const Http& http) {
    std::vector<Section> all{{"http", http.backends}};
    for (const Host& host : http.hosts) {
        all.push_back({"http.hosts[" + host.name + ']', host.backends});
    }
    for (std::size_t i = 0; i < http.routes.size(); ++i) {
        all.push_back({numbered("http.routes", i), http.routes[i].backends});
    }
    return all;
}

class RoutingValidator {
  public:
    RoutingValidator(const Http& http, const Positions& positions)
        : http_(http), positions_(positions) {}

    std::vector<Problem> run() {
        for (const Section& section : sections(http_)) {
            contradiction(section);
        }
        for (const HttpServer& server : http_servers(http_, positions_)) {
            required(server.key + ".address", server.endpoint.address.empty(), "an address");
            required(server.key + ".port", server.endpoint.port == 0, "a port number");
        }
        if (!http_.backends.configured()) {
            without_default();
        }
        for (const Host& host : http_.hosts) {
            const std::string balance = "http.hosts[" + host.name + "].balance";
            if (!host.backends.configured() && positions_.contains(balance)) {
                fail(balance, "has no effect without backends beside it");
            }
        }
        routes();
        return std::move(problems_);
    }

  private:
    void fail(const std::string& key, std::string message) {
        problems_.push_back(error_at(positions_.find(key), key, std::move(message)));
    }

    void required(const std::string& key, bool missing, const std::string& what) {
        if (missing) {
            fail(key, "is missing: " + what);
        }
    }

    /// backend.proxy_protocol may stand beside backends.
    void contradiction(const Section& section) {
        const std::string one = section.key + ".backend";
        const bool given =
            positions_.contains(one + ".address") || positions_.contains(one + ".port");
        if (given && positions_.contains(section.key + ".backends[0]")) {
            fail(section.key + ".backends", "contradicts " + one + "; keep one");
        }
    }

    /// Requests that nothing covers may be meant to get 404, but not those of a host with a
    /// certificate of its own, and not all.
    void without_default() {
        const auto goes_somewhere = [](const auto& place) { return place.backends.configured(); };
        if (std::ranges::none_of(http_.hosts, goes_somewhere) &&
            std::ranges::none_of(http_.routes, goes_somewhere)) {
            required("http.backend.address", true, "an address");
            required("http.backend.port", true, "a port number");
            return;
        }
        for (const Host& host : http_.hosts) {
            const auto covers = [&host](const HttpRoute& route) {
                return route.host.empty() || route.host == host.name;
            };
            required(
                "http.hosts[" + host.name + "].backend",
                !host.backends.configured() && std::ranges::none_of(http_.routes, covers),
                "and there is no http.backend"
            );
        }
    }

    void routes() {
        for (std::size_t i = 0; i < http_.routes.size(); ++i) {
            const std::string key = numbered("http.routes", i);
            required(
                key + ".backend", !http_.routes[i].backends.configured(), "where its requests go"
            );
            if (const auto other = same_place(i)) {
                fail(key, "covers the same requests as " + *other);
            }
        }
    }

    /// The key of what is for the same host and path, and before the route of this index.
    std::optional<std::string> same_place(std::size_t index) const {
        const HttpRoute& route = http_.routes[index];
        if (route.path == "/") {
            if (route.host.empty() && http_.backends.configured()) {
                return "http.backend";
            }
            for (const Host& host : http_.hosts) {
                if (host.name == route.host && host.backends.configured()) {
                    return "http.hosts[" + host.name + "].backend";
                }
            }
        }
        for (std::size_t i = 0; i < index; ++i) {
            if (http_.routes[i].host == route.host && http_.routes[i].path == route.path) {
                return numbered("http.routes", i);
            }
        }
        return std::nullopt;
    }

    const Http& http_;
    const Positions& positions_;
    std::vector<Problem> problems_;
};

}  // namespace

std::vector<HttpServer> http_servers(const Http& http, const Positions& positions) {
    std::vector<HttpServer> servers;
    for (const Section& section : sections(http)) {
        const auto& endpoints = section.backends.servers;
        const std::string list = section.key + ".backends";
        const bool listed = endpoints.size() > 1 || positions.contains(numbered(list, 0));
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            servers.push_back({listed ? numbered(list, i) : section.key + ".backend", endpoints[i]}
            );
        }
    }
    return servers;
}

std::vector<Problem> validate_routing(const Http& http, const Positions& positions) {
    return RoutingValidator{http, positions}.run();
}

}  // namespace hsmfront::config
