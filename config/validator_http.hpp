// ValidatorHttp: rules across http's backends, hosts and routes.
#pragma once

#include "config/problem.hpp"
#include "config/settings.hpp"

#include <string>
#include <vector>

namespace hsmfront::config {

/// A backend server and its key as it was given: "http.hosts[a.org].backends[1]".
struct HttpServer {
    std::string key;
    Endpoint endpoint;
};

[[nodiscard]] std::vector<HttpServer> http_servers(const Http& http, const Positions& positions);

/// What is missing or contradicts itself in where requests go; empty: nothing.
[[nodiscard]] std::vector<Problem> validate_routing(const Http& http, const Positions& positions);

}  // namespace hsmfront::config
