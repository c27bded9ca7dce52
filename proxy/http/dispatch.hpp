// Dispatch: what the requests of one connection have in common, whatever version of HTTP it speaks.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/backend_search.hpp"
#include "proxy/http/client_identity.hpp"
#include "proxy/http/request.hpp"
#include "proxy/http/traffic.hpp"

namespace hsmfront::http {

struct AccessConnection;
class BackendSet;
class Routes;

/// All of it outlives the connection.
struct Dispatch {
    const config::Http& settings;
    const Routes& routes;
    BackendSet& backends;
    const ClientIdentity& client;
    AccessConnection* access;  ///< null: requests are not logged
    Traffic& traffic;

    /// Where a request goes. Status: those of Routes::find.
    [[nodiscard]] Parsed<Destination> find(const Checked& request) const;
};

}  // namespace hsmfront::http
