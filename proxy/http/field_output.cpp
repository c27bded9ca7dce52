// Fields of responses on their way to a client.
#include "proxy/http/field_output.hpp"

#include "proxy/http/errors.hpp"
#include "proxy/http/target.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::http {
namespace {

using namespace std::string_view_literals;

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
bool among(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
        return iequals(name, known);
    });
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

/// Whether a Set-Cookie has the attribute Secure (RFC 6265 §5.2).
bool is_secure(std::string_view cookie) noexcept {
    std::size_t end = cookie.find(';');
    while (end != std::string_view::npos) {
        cookie.remove_prefix(end + 1);
        end = cookie.find(';');
        const std::string_view attribute = cookie.substr(0, end);
        if (iequals(trim(attribute.substr(0, attribute.find('='))), "Secure")) {
            return true;
        }
    }
    return false;
}

/// A field as a backend would have written it, had it known that the client uses https.
void write_secured(FieldOutput& out, const Field& field, const std::string& host) {
    if (iequals(field.name, "Location")) {
        const std::string secured = secured_location(field.value, host);
        out.add(field.name, secured.empty() ? field.value : std::string_view(secured));
    } else if (iequals(field.name, "Set-Cookie") && !is_secure(field.value)) {
        out.add(field.name, std::string(field.value) + "; Secure");
    } else {
        out.add(field.name, field.value);
    }
}

}  // namespace

void TextFields::add(std::string_view name, std::string_view value) {
    out_ += name;
    out_ += ": "sv;
    out_ += value;
    out_ += "\r\n"sv;
}

bool is_hop_by_hop(std::string_view name) noexcept { return among(hop_by_hop, name); }

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

bool names_field(const std::vector<std::string_view>& options, std::string_view name) noexcept {
    return std::any_of(options.begin(), options.end(), [&](std::string_view option) {
        return iequals(option, name);
    });
}

void write_extended(
    FieldOutput& out, const Fields& fields, std::string_view name, std::string_view own
) {
    std::string list;
    for (const Field& field : fields) {
        if (iequals(field.name, name) && !field.value.empty()) {
            list += field.value;
            list += ", ";
        }
    }
    if (list.empty()) {
        out.add(name, own);
    } else {
        list += own;
        out.add(name, list);
    }
}

void write_response_fields(
    FieldOutput& out, const ResponseHead& head, const Request& request, const config::Http& settings
) {
    const std::vector<std::string_view> options = connection_options(head.fields);
    const bool replace_hsts = settings.hsts.count() > 0;
    bool dated = false;
    for (const Field& field : head.fields) {
        if (!is_hop_by_hop(field.name) && !names_field(options, field.name) &&
            !(replace_hsts && iequals(field.name, "Strict-Transport-Security"))) {
            write_secured(out, field, request.host);
            dated = dated || iequals(field.name, "Date");
        }
    }
    if (replace_hsts) {
        out.add("Strict-Transport-Security", "max-age=" + std::to_string(settings.hsts.count()));
    }
    if (!dated) {
        out.add("Date", http_date(std::time(nullptr)));  // RFC 9110 §6.6.1
    }
    write_extended(
        out, head.fields, "Via", head.version == Version::http1_0 ? "1.0 hsmfront" : "1.1 hsmfront"
    );
}

void write_interim_fields(FieldOutput& out, const ResponseHead& head) {
    const std::vector<std::string_view> options = connection_options(head.fields);
    for (const Field& field : head.fields) {
        if (!is_hop_by_hop(field.name) && !names_field(options, field.name)) {
            out.add(field.name, field.value);
        }
    }
}

std::string told_length(const ResponseHead& head, Framing framing, const Request& request) {
    if (framing.kind == Framing::Kind::length) {
        return std::to_string(framing.length);
    }
    const Field* length = find(head.fields, "Content-Length");
    const bool told = head.status != 204 && (request.head || head.status == 304);
    return told && length != nullptr ? std::string(length->value) : std::string();
}

void write_trailers(FieldOutput& out, std::string_view trailers) {
    while (!trailers.empty()) {
        const std::size_t end = trailers.find("\r\n");
        const std::string_view line = trailers.substr(0, end);
        trailers.remove_prefix(std::min(trailers.size(), line.size() + 2));
        Field field;
        if (parse_field_line(line, field) && !is_hop_by_hop(field.name) &&
            !among(no_trailers, field.name)) {
            out.add(field.name, field.value);
        }
    }
}

}  // namespace hsmfront::http
