// Routes: which backends a request goes to, by its host and the beginning of its path.
#pragma once

#include "config/settings.hpp"
#include "proxy/http/status.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::http {

/// A table made of http.hosts, http.routes and http.backends.
///
/// Hosts: what names the host goes before what covers it by a wildcard ("*.example.com", one
/// label), and that before what is for every host. Letter case, a port and a trailing dot are no
/// part of a host. Among the paths of the most exact host that has one that fits, the longest is
/// taken; "/api" fits /api, /api/x and /api?x, not /apix.
///
/// Paths: the backend gets the path as the client sent it, and servers differ in how they read it:
/// some resolve dot segments, merge slashes, drop ";parameters", take '\' for '/', decode "%2F"
/// before or after. A path is therefore read twice: strictly, where only escapes that mean nothing
/// are undone (unreserved characters, RFC 3986 §6.2.2.2), and as the most lenient server would.
/// Where the two readings go to different backends, as /api/../admin or //api may, the request is
/// refused: it could be routed by one path and served by another. Where they agree, as in
/// /api/a%2Fb or /api//x, it goes on unchanged. Letter case counts; escapes are undone once.
class Routes {
  public:
    struct Query {
        std::string_view server_name;  ///< SNI; empty: none
        std::string_view authority;    ///< Host or :authority; empty in HTTP/1.0 only
        std::string_view path;         ///< with its query, or "*"
    };

    /// `http` outlives it, the backends found are its members.
    explicit Routes(const config::Http& http);

    /// Never null. Status: misdirected (RFC 9110 §15.5.20: the host has another certificate or TLS
    /// policy, such as client certificates, than the one this connection was opened with),
    /// not_found (nothing covers it), bad_request (the path has two meanings).
    [[nodiscard]] Parsed<const config::HttpBackends*> find(const Query& query) const;

  private:
    struct Route {
        std::string path;
        const config::HttpBackends* backends;
    };
    /// What is given for one name, or one wildcard.
    struct Place {
        const config::Host* host = nullptr;  ///< null: not among http.hosts
        std::vector<Route> routes;           ///< longest path first
    };
    using Places = std::map<std::string, Place, std::less<>>;
    /// The places of a host, the most exact first; null: none of that kind.
    struct Host {
        const Place* named;
        const Place* wildcard;
    };

    Place& place(std::string_view name);
    void add(Place& place, const std::string& path, const config::HttpBackends& backends);
    [[nodiscard]] Host look_up(std::string_view name) const;
    /// Of http.hosts, or null.
    [[nodiscard]] static const config::Host* secured_as(const Host& host);
    [[nodiscard]] bool covered(const config::Host* opened, const config::Host* asked) const;
    [[nodiscard]] const config::HttpBackends* choose(const Host& host, std::string_view path) const;

    const config::Http& http_;
    Places named_;
    Places wildcards_;  ///< by what follows the '*': ".example.com"
    Place every_host_;
    bool by_path_ = false;  ///< some route is for less than all paths
};

}  // namespace hsmfront::http
