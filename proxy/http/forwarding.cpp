// Rewriting of request and response heads.
#include "proxy/http/forwarding.hpp"

#include "proxy/http/errors.hpp"
#include "proxy/net/networks.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::http {

namespace {

using namespace std::string_view_literals;

constexpr auto via = "1.1 hsmfront"sv;

/// Belong to one connection, or are written anew, in both directions.
constexpr std::array hop_by_hop{
    "Connection"sv,
    "Keep-Alive"sv,
    "Proxy-Connection"sv,
    "Proxy-Authenticate"sv,
    "Proxy-Authorization"sv,
    "TE"sv,
    "Trailer"sv,
    "Transfer-Encoding"sv,
    "Upgrade"sv,
    "Content-Length"sv,
    "HTTP2-Settings"sv,
    "Via"sv,
    "Proxy-Authentication-Info"sv};

/// Say who the client is. Taken from trusted peers only.
constexpr std::array identity_fields{
    "Forwarded"sv, "X-Real-IP"sv, "X-Client-IP"sv, "True-Client-IP"sv, "X-Forwarded"sv};

/// Never taken from a client (RFC 9440 §4).
constexpr std::array certificate_fields{"Client-Cert"sv, "Client-Cert-Chain"sv};

/// Must not appear in a trailer section (RFC 9110 §6.5.1).
constexpr std::array no_trailers{
    "Host"sv,
    "Content-Encoding"sv,
    "Content-Type"sv,
    "Content-Range"sv,
    "Authorization"sv,
    "Set-Cookie"sv,
    "Cookie"sv,
    "Cache-Control"sv,
    "Expires"sv,
    "Location"sv,
    "Date"sv,
    "Vary"sv,
    "Expect"sv,
    "WWW-Authenticate"sv,
    "Retry-After"sv,
    "Max-Forwards"sv,
    "Age"sv,
    "Strict-Transport-Security"sv};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
        return iequals(name, known);
    });
}

template <std::size_t N>
bool resembles(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
        return looks_like(name, known);
    });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

bool is_forwarded_family(std::string_view name) {
    constexpr auto prefix = "X-Forwarded-"sv;
    return looks_like(name.substr(0, prefix.size()), prefix);
}

bool is_identity(std::string_view name) {
    return is_forwarded_family(name) || resembles(identity_fields, name);
}

/// The fields that Connection names besides its own keywords.
std::vector<std::string_view> connection_options(const Fields& fields) {
    std::vector<std::string_view> options;
    for (const Field& field : fields) {
        if (!iequals(field.name, "Connection")) {
            continue;
        }
        for (std::string_view rest = field.value; !rest.empty();) {
            const std::string_view option = next_element(rest);
            if (!option.empty() && !iequals(option, "close") && !iequals(option, "keep-alive")) {
                options.push_back(option);
            }
        }
    }
    return options;
}

bool named(const std::vector<std::string_view>& options, std::string_view name) {
    return std::any_of(options.begin(), options.end(), [&](std::string_view option) {
        return iequals(option, name);
    });
}

/// All values of `name` as one list.
std::string joined(const Fields& fields, std::string_view name) {
    std::string list;
    for (const Field& field : fields) {
        if (iequals(field.name, name) && !field.value.empty()) {
            list += list.empty() ? "" : ", ";
            list += field.value;
        }
    }
    return list;
}

void append_extended(
    std::string& out, const Fields& fields, std::string_view name, std::string_view own
) {
    std::string list = joined(fields, name);
    list += list.empty() ? "" : ", ";
    list += own;
    append_field(out, name, list);
}

/// RFC 7239 §4: a token as it is, anything else quoted.
void append_pair(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += '=';
    if (is_token(value)) {
        out += value;
        return;
    }
    out += '"';
    out += value;  // an address or a checked authority: no quote or backslash in it
    out += '"';
}

std::string forwarded_element(const ClientIdentity& client, const std::string& host) {
    std::string element;
    append_pair(element, "for", client.ipv6 ? '[' + client.address + ']' : client.address);
    element += ';';
    append_pair(element, "host", host);
    element += ";proto=https";
    return element;
}

/// Writes the fields that say who the client is.
class IdentityWriter {
  public:
    IdentityWriter(const Fields& fields, const ClientIdentity& client, const config::Http& settings)
        : fields_(fields), client_(client) {
        const bool has_list = find(fields, "X-Forwarded-For") != nullptr;
        const bool has_forwarded = find(fields, "Forwarded") != nullptr;
        // A trusted peer that keeps one family only leaves the other out here too: begun in the
        // middle of the chain, it would name the peer as the client.
        x_forwarded_ =
            settings.forwarded.x_forwarded && !(client.trusted && has_forwarded && !has_list);
        forwarded_ =
            settings.forwarded.forwarded && !(client.trusted && has_list && !has_forwarded);
    }

    /// True for an inbound field that must not go on as it is.
    [[nodiscard]] bool replaces(std::string_view name) const {
        if (!client_.trusted) {
            return is_identity(name);
        }
        return (x_forwarded_ && looks_like(name, "X-Forwarded-For")) ||
               (forwarded_ && looks_like(name, "Forwarded"));
    }

    void append(std::string& out, const std::string& host) const {
        static const Fields none;
        const Fields& inbound = client_.trusted ? fields_ : none;
        if (x_forwarded_) {
            append_extended(out, inbound, "X-Forwarded-For", client_.address);
            append_unless(out, inbound, "X-Forwarded-Proto", "https");
            append_unless(out, inbound, "X-Forwarded-Host", host);
            append_unless(out, inbound, "X-Forwarded-Port", client_.port);
        }
        if (forwarded_) {
            append_extended(out, inbound, "Forwarded", forwarded_element(client_, host));
        }
    }

  private:
    static void append_unless(
        std::string& out, const Fields& present, std::string_view name, std::string_view value
    ) {
        if (find(present, name) == nullptr) {
            append_field(out, name, value);
        }
    }

    const Fields& fields_;
    const ClientIdentity& client_;
    bool x_forwarded_ = false;
    bool forwarded_ = false;
};

void append_framing(std::string& out, Framing framing) {
    if (framing.kind == Framing::Kind::chunked) {
        append_field(out, "Transfer-Encoding", "chunked");
    } else if (framing.kind == Framing::Kind::length) {
        append_field(out, "Content-Length", std::to_string(framing.length));
    }
}

void append_request_connection(std::string& out, const Request& request) {
    if (request.websocket) {
        out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    } else if (request.accepts_trailers) {
        out += "TE: trailers\r\nConnection: TE\r\n";
    }
}

/// RFC 9112 §4: the version is ours, status and reason are the backend's.
void append_status_line(std::string& out, const ResponseHead& head) {
    out += "HTTP/1.1 ";
    out += std::to_string(head.status);
    out += ' ';
    out += head.reason;
    out += "\r\n";
}

/// "http://<this host>…" as https; empty for any other location.
std::string secured_location(std::string_view location, std::string_view host) {
    constexpr auto scheme = "http://"sv;
    if (!iequals(location.substr(0, scheme.size()), scheme)) {
        return {};
    }
    const std::string_view rest = location.substr(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    const auto target = parse_authority(rest.substr(0, end));
    const auto own = parse_authority(host);
    if (!target || !own || !iequals(target->host, own->host)) {
        return {};
    }
    if (!target->port.empty() && target->port != "80" && target->port != own->port) {
        return {};  // another server on the same host
    }
    std::string secured = "https://";
    secured += host;
    secured += rest.substr(end);
    return secured;
}

void append_location(std::string& out, const Field& field, const std::string& host) {
    const std::string secured = secured_location(field.value, host);
    append_field(out, field.name, secured.empty() ? field.value : std::string_view(secured));
}

/// The backend's fields that go on to the client.
void append_response_fields(
    std::string& out, const ResponseHead& head, const Request& request, const config::Http& settings
) {
    const std::vector<std::string_view> options = connection_options(head.fields);
    const bool replace_hsts = settings.hsts.count() > 0;
    for (const Field& field : head.fields) {
        if (among(hop_by_hop, field.name) || named(options, field.name) ||
            (replace_hsts && iequals(field.name, "Strict-Transport-Security"))) {
            continue;
        }
        if (iequals(field.name, "Location")) {
            append_location(out, field, request.host);
        } else {
            append_field(out, field.name, field.value);
        }
    }
    if (replace_hsts) {
        append_field(
            out, "Strict-Transport-Security", "max-age=" + std::to_string(settings.hsts.count())
        );
    }
    if (find(head.fields, "Date") == nullptr) {
        append_field(out, "Date", http_date(std::time(nullptr)));  // RFC 9110 §6.6.1
    }
    append_extended(out, head.fields, "Via", via);
}

/// Framing and persistence towards the client.
void append_response_connection(
    std::string& out, const ResponseHead& head, const Request& request, const ResponsePlan& plan
) {
    const Field* length = find(head.fields, "Content-Length");
    const bool told = request.head || head.status == 304;  // a length that no content follows
    if (plan.encoding == BodyEncoder::Kind::chunked) {
        append_field(out, "Transfer-Encoding", "chunked");
    } else if (plan.framing.kind == Framing::Kind::length) {
        append_framing(out, plan.framing);
    } else if (told && length != nullptr && head.status != 204) {
        append_field(out, "Content-Length", length->value);
    }
    if (!plan.keep_alive) {
        append_field(out, "Connection", "close");
    } else if (request.version == Version::http1_0) {
        append_field(out, "Connection", "keep-alive");
    }
}

}  // namespace

ClientIdentity identify_client(
    const boost::asio::ip::tcp::endpoint& peer,
    const boost::asio::ip::tcp::endpoint& local,
    std::string_view server_name,
    bool trusted
) {
    const auto address = net::unmapped(peer.address());
    const auto own = net::unmapped(local.address());
    ClientIdentity client;
    client.address = address.to_string();
    client.ipv6 = address.is_v6();
    client.trusted = trusted;
    client.port = std::to_string(local.port());
    if (!server_name.empty() && parse_authority(server_name)) {
        client.default_host = server_name;
    } else {
        client.default_host = own.is_v6() ? '[' + own.to_string() + ']' : own.to_string();
    }
    if (local.port() != 443) {
        client.default_host += ':' + client.port;
    }
    return client;
}

void append_request_head(
    std::string& out,
    const RequestHead& head,
    const Checked& checked,
    const ClientIdentity& client,
    const config::Http& settings
) {
    const Request& request = checked.request;
    out += head.method;
    out += ' ';
    out += checked.path;
    out += " HTTP/1.1\r\n";
    append_field(out, "Host", request.host);
    const std::vector<std::string_view> options = connection_options(head.fields);
    const IdentityWriter identity(head.fields, client, settings);
    for (const Field& field : head.fields) {
        const bool expects = iequals(field.name, "Expect");
        const bool dropped = iequals(field.name, "Host") || among(hop_by_hop, field.name) ||
                             named(options, field.name) || identity.replaces(field.name) ||
                             resembles(certificate_fields, field.name) ||
                             (expects && head.version == Version::http1_0);
        if (!dropped) {
            append_field(out, field.name, field.value);
        }
    }
    append_extended(
        out, head.fields, "Via", head.version == Version::http1_0 ? "1.0 hsmfront" : via
    );
    identity.append(out, request.host);
    append_framing(out, request.framing);
    append_request_connection(out, request);
    out += "\r\n";
}

ResponsePlan plan_response(
    const ResponseHead& head, Framing framing, const Request& request, bool keep_alive
) {
    ResponsePlan plan;
    plan.framing = framing;
    plan.keep_alive = keep_alive && request.keep_alive;
    const bool measured =
        framing.kind == Framing::Kind::none || framing.kind == Framing::Kind::length;
    if (measured) {
        return plan;
    }
    if (request.version == Version::http1_1) {
        plan.encoding = BodyEncoder::Kind::chunked;
        plan.trailers = request.accepts_trailers && head.version == Version::http1_1;
    } else {
        plan.keep_alive = false;  // only the end of the connection tells the end of the content
    }
    return plan;
}

void append_response_head(
    std::string& out,
    const ResponseHead& head,
    const Request& request,
    const ResponsePlan& plan,
    const config::Http& settings
) {
    append_status_line(out, head);
    append_response_fields(out, head, request, settings);
    append_response_connection(out, head, request, plan);
    out += "\r\n";
}

void append_interim_head(std::string& out, const ResponseHead& head) {
    append_status_line(out, head);
    const std::vector<std::string_view> options = connection_options(head.fields);
    for (const Field& field : head.fields) {
        if (!among(hop_by_hop, field.name) && !named(options, field.name)) {
            append_field(out, field.name, field.value);
        }
    }
    if (head.status == 101) {
        out += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    }
    out += "\r\n";
}

void append_trailers(std::string& out, std::string_view trailers) {
    while (!trailers.empty()) {
        const std::size_t end = trailers.find("\r\n");
        const std::string_view line = trailers.substr(0, end);
        trailers.remove_prefix(std::min(trailers.size(), line.size() + 2));
        Field field;
        if (parse_field_line(line, field) && !among(hop_by_hop, field.name) &&
            !among(no_trailers, field.name)) {
            append_field(out, field.name, field.value);
        }
    }
}

}  // namespace hsmfront::http
