// Checks of HTTP/2 fields that nghttp2 shares in part: nothing here relies on it.
#include "proxy/http/http2_request.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::http {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t line_overhead = 32;

/// RFC 9113 §8.2.2.
constexpr std::array connection_fields{
    "connection"sv, "keep-alive"sv, "proxy-connection"sv, "transfer-encoding"sv, "upgrade"sv};

struct Pseudo {
    const Field* method = nullptr;
    const Field* scheme = nullptr;
    const Field* authority = nullptr;
    const Field* path = nullptr;
};

/// Where a pseudo-header field of that name is kept; null for any but those of a request.
const Field** slot(Pseudo& pseudo, std::string_view name) noexcept {
    return name == ":method"      ? &pseudo.method
           : name == ":scheme"    ? &pseudo.scheme
           : name == ":authority" ? &pseudo.authority
           : name == ":path"      ? &pseudo.path
                                  : nullptr;
}

bool is_lower_token(std::string_view name) noexcept {
    return is_token(name) &&
           std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// RFC 9113 §8.2.1.
bool is_value(std::string_view value) noexcept {
    return is_field_text(value) && trim(value).size() == value.size();
}

/// A field of a request or of its trailers, no pseudo-header field.
bool is_regular(const Field& field) noexcept {
    const bool of_connection =
        std::find(connection_fields.begin(), connection_fields.end(), field.name) !=
        connection_fields.end();
    const bool odd_te = field.name == "te" && !iequals(field.value, "trailers");
    return is_lower_token(field.name) && is_value(field.value) && !of_connection && !odd_te;
}

/// Visible ASCII but '#', as in HTTP/1 (RFC 9112 §3.2).
bool is_path(std::string_view path) noexcept {
    return (path.starts_with('/') || path == "*") &&
           std::all_of(path.begin(), path.end(), [](char c) {
               return c > 0x20 && c < 0x7f && c != '#';
           });
}

bool is_scheme(std::string_view scheme) noexcept {
    return iequals(scheme, "https") || iequals(scheme, "http");
}

/// "a" and "A:443" are one authority of https.
bool same_authority(std::string_view a, std::string_view b) noexcept {
    const auto first = parse_authority(a);
    const auto second = parse_authority(b);
    const auto port = [](const Authority& authority) {
        return authority.port.empty() ? "443"sv : authority.port;
    };
    return first && second && iequals(first->host, second->host) && port(*first) == port(*second);
}

/// Sorts a section into pseudo-header fields and others. False: malformed.
bool sort_fields(const Fields& fields, Pseudo& pseudo, Fields& regular) {
    for (const Field& field : fields) {
        if (!field.name.starts_with(':')) {
            if (!is_regular(field)) {
                return false;
            }
            regular.push_back(field);
            continue;
        }
        const Field** const place = slot(pseudo, field.name);
        if (place == nullptr || *place != nullptr || !regular.empty() || !is_value(field.value)) {
            return false;
        }
        *place = &field;
    }
    return true;
}

/// The authority that the request names, once; empty: malformed (RFC 9113 §8.3.1). Takes Host out.
std::string_view take_authority(const Pseudo& pseudo, Fields& regular) {
    std::string_view authority =
        pseudo.authority == nullptr ? std::string_view() : pseudo.authority->value;
    if (pseudo.authority != nullptr && !parse_authority(authority)) {
        return {};
    }
    bool found = false;
    for (auto field = regular.begin(); field != regular.end();) {
        if (field->name != "host") {
            ++field;
            continue;
        }
        if (found || (!authority.empty() && !same_authority(authority, field->value))) {
            return {};
        }
        found = true;
        authority = authority.empty() ? field->value : authority;
        field = regular.erase(field);
    }
    return parse_authority(authority) ? authority : std::string_view();
}

/// A Content-Length stands there once, is a number, and END_STREAM does not belie it.
bool is_length_possible(const Fields& regular, bool ended) noexcept {
    bool found = false;
    for (const Field& field : regular) {
        if (field.name != "content-length") {
            continue;
        }
        std::uint64_t length = 0;
        if (found || !parse_length(field.value, length) || (ended && length != 0)) {
            return false;
        }
        found = true;
    }
    return true;
}

}  // namespace

void Http2Section::add(std::string_view name, std::string_view value) {
    bytes_ += name.size() + value.size() + line_overhead;
    const bool crumb = name == "cookie" && has_cookies_;
    lines_ += crumb ? 0 : 1;
    if (too_large()) {
        return;
    }
    if (name == "cookie") {
        sound_ = sound_ && is_value(value);
        cookies_ += crumb ? "; " : "";
        cookies_ += value;
        if (crumb) {
            return;
        }
        has_cookies_ = true;
    }
    const bool cookies = has_cookies_ && name == "cookie";
    text_ += name;
    text_ += cookies ? std::string_view() : value;
    kept_.push_back({name.size(), cookies ? 0 : value.size(), cookies});
}

Fields Http2Section::fields() const {
    Fields fields;
    fields.reserve(kept_.size() + 1);
    std::string_view rest = text_;
    for (const Line& line : kept_) {
        const std::string_view name = rest.substr(0, line.name);
        const std::string_view value = rest.substr(line.name, line.value);
        rest.remove_prefix(line.name + line.value);
        fields.push_back({name, line.cookies ? std::string_view(cookies_) : value});
    }
    return fields;
}

boost::system::result<Http2Request, Http2Refusal> convert_request(
    const Http2Section& section, bool ended
) {
    const Http2Refusal malformed{};
    if (section.too_large()) {
        return Http2Refusal{Status::fields_too_large};
    }
    const Fields all = section.fields();
    Pseudo pseudo;
    Http2Request request;
    Fields& fields = request.head.fields;
    fields.reserve(all.size() + 1);
    if (!section.sound() || !sort_fields(all, pseudo, fields) || pseudo.method == nullptr ||
        !is_token(pseudo.method->value)) {
        return malformed;
    }
    request.head.method = pseudo.method->value;
    if (request.head.method == "CONNECT") {
        return Http2Refusal{Status::not_implemented};
    }
    if (pseudo.scheme == nullptr || !is_scheme(pseudo.scheme->value) || pseudo.path == nullptr ||
        !is_path(pseudo.path->value)) {
        return malformed;
    }
    request.head.target = pseudo.path->value;
    const std::string_view authority = take_authority(pseudo, fields);
    if (authority.empty() || !is_length_possible(fields, ended)) {
        return malformed;
    }
    fields.push_back({"host", authority});
    Parsed<Checked> checked = check_request(request.head, {});
    if (!checked) {
        return Http2Refusal{checked.error()};
    }
    request.checked = std::move(*checked);
    request.head.version = Version::http2;  // as it came: for Via and logs
    Framing& framing = request.checked.request.framing;
    if (framing.kind == Framing::Kind::none && !ended) {
        framing.kind = Framing::Kind::chunked;
    }
    return request;
}

std::optional<std::string> convert_trailers(const Http2Section& section) {
    std::string lines;
    if (section.too_large() || !section.sound()) {
        return std::nullopt;
    }
    for (const Field& field : section.fields()) {
        if (!is_regular(field)) {
            return std::nullopt;
        }
        lines += field.name;
        lines += ": ";
        lines += field.value;
        lines += "\r\n";
    }
    return lines;
}

std::string_view pseudo_field(const Http2Section& section, std::string_view name) {
    for (const Field& field : section.fields()) {
        if (field.name == name) {
            return field.value;
        }
    }
    return {};
}

}  // namespace hsmfront::http
