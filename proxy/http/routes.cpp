#include "proxy/http/routes.hpp"

#include "proxy/http/fields.hpp"
#include "proxy/http/target.hpp"

#include <algorithm>
#include <optional>

namespace hsmfront::http {

namespace {

/// Lower case, without port, brackets and trailing dot. What is no authority is no known host.
std::string host_name(std::string_view text) {
    const std::optional<Authority> authority = parse_authority(text);
    std::string_view host = authority ? authority->host : std::string_view{};
    if (host.starts_with('[')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    std::string name(host);
    std::ranges::transform(name, name.begin(), to_lower);
    return name;
}

/// Ends with a segment: "/api" is no prefix of "/apix".
bool covers(std::string_view prefix, std::string_view path) noexcept {
    return path.starts_with(prefix) &&
           (prefix.ends_with('/') || path.size() == prefix.size() || path[prefix.size()] == '/');
}

/// True if every server reads `path` as it is written.
bool is_plain(std::string_view path) noexcept {
    return path.find_first_of("%;\\") == std::string_view::npos &&
           path.find("//") == std::string_view::npos && path.find("/.") == std::string_view::npos;
}

std::optional<int> hex_digit(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? std::optional(lower - 'a' + 10) : std::nullopt;
}

/// RFC 3986 §2.3.
bool is_unreserved(char c) noexcept {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

enum class Escapes { unreserved, all };

std::string unescaped(std::string_view path, Escapes which) {
    std::string out;
    out.reserve(path.size());
    while (!path.empty()) {
        const bool escape = path.front() == '%' && path.size() >= 3;
        const auto high = escape ? hex_digit(path[1]) : std::nullopt;
        const auto low = escape ? hex_digit(path[2]) : std::nullopt;
        const char c = high && low ? static_cast<char>(*high * 16 + *low) : '%';
        if (high && low && (which == Escapes::all || is_unreserved(c))) {
            out += c;
            path.remove_prefix(3);
        } else {
            out += path.front();
            path.remove_prefix(1);
        }
    }
    return out;
}

/// As the most lenient server reads it.
std::string lenient(std::string_view path) {
    std::string given = unescaped(path, Escapes::all);
    std::ranges::replace(given, '\\', '/');
    std::string out;
    std::string_view rest = given;
    bool open = false;  // ends with a slash
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view whole = rest.substr(0, rest.find('/'));
        rest.remove_prefix(whole.size());
        const std::string_view segment = whole.substr(0, whole.find(';'));
        open = segment.empty() || segment == "." || segment == "..";
        if (segment == "..") {
            out.resize(out.empty() ? 0 : out.rfind('/'));
        } else if (!open) {
            out += '/';
            out += segment;
        }
    }
    return open ? out + '/' : out;
}

}  // namespace

Routes::Routes(const config::Http& http) : http_(http) {
    for (const config::Host& host : http.hosts) {
        Place& own = place(host.name);
        own.host = &host;
        if (host.backends.configured()) {
            add(own, "/", host.backends);
        }
    }
    for (const config::HttpRoute& route : http.routes) {
        add(place(route.host), route.path, route.backends);
    }
    if (http.backends.configured()) {
        add(every_host_, "/", http.backends);
    }
}

Routes::Place& Routes::place(std::string_view name) {
    if (name.empty()) {
        return every_host_;
    }
    if (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    return name.starts_with('*') ? wildcards_[std::string(name.substr(1))]
                                 : named_[std::string(name)];
}

void Routes::add(Place& place, const std::string& path, const config::HttpBackends& backends) {
    const auto shorter = std::ranges::find_if(place.routes, [&path](const Route& route) {
        return route.path.size() < path.size();
    });
    place.routes.insert(shorter, {path, &backends});
    by_path_ = by_path_ || path != "/";
}

Routes::Host Routes::look_up(std::string_view name) const {
    const auto in = [](const Places& places, std::string_view wanted) {
        const auto found = places.find(wanted);
        return found == places.end() ? nullptr : &found->second;
    };
    const std::size_t dot = name.find('.');
    return {
        in(named_, name),
        dot == std::string_view::npos ? nullptr : in(wildcards_, name.substr(dot))};
}

const config::Host* Routes::secured_as(const Host& host) {
    for (const Place* const place : {host.named, host.wildcard}) {
        if (place != nullptr && place->host != nullptr) {
            return place->host;
        }
    }
    return nullptr;
}

/// Whether a connection that was opened to `opened` may carry requests for `asked`; null: for no
/// host of http.hosts.
bool Routes::covered(const config::Host* opened, const config::Host* asked) const {
    const auto aliases = [this](const config::Host* host) -> const std::vector<std::string>& {
        return host == nullptr ? http_.aliases : host->aliases;
    };
    const config::TlsPolicy none;
    const auto policy = [&none](const config::Host* host) -> const config::TlsPolicy& {
        return host == nullptr ? none : host->tls;
    };
    return opened == asked ||
           (aliases(opened) == aliases(asked) && policy(opened) == policy(asked));
}

const config::HttpBackends* Routes::choose(const Host& host, std::string_view path) const {
    for (const Place* const place : {host.named, host.wildcard, &every_host_}) {
        if (place == nullptr) {
            continue;
        }
        const auto found = std::ranges::find_if(place->routes, [path](const Route& route) {
            return covers(route.path, path);
        });
        if (found != place->routes.end()) {
            return found->backends;
        }
    }
    return nullptr;
}

Parsed<const config::HttpBackends*> Routes::find(const Query& query) const {
    const std::string_view server_name = query.server_name;
    const Host asked = look_up(host_name(query.authority.empty() ? server_name : query.authority));
    if (!covered(secured_as(look_up(host_name(server_name))), secured_as(asked))) {
        return Status::misdirected;
    }
    std::string_view path = query.path.substr(0, query.path.find('?'));
    if (!by_path_ || !path.starts_with('/')) {
        path = "/";  // OPTIONS * is about the host as a whole
    }
    const config::HttpBackends* backends = nullptr;
    if (is_plain(path)) {
        backends = choose(asked, path);
    } else {
        backends = choose(asked, unescaped(path, Escapes::unreserved));
        if (backends != choose(asked, lenient(path))) {
            return Status::bad_request;
        }
    }
    if (backends == nullptr) {
        return Status::not_found;
    }
    return backends;
}

}  // namespace hsmfront::http
