// Parsing of request targets and authorities.
#include "proxy/http/target.hpp"

#include "proxy/http/fields.hpp"

#include <algorithm>

namespace hsmfront::http {

namespace {

bool is_name_char(char c) noexcept {
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

bool is_ip_literal_char(char c) noexcept {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'f') || c == ':' || c == '.';
}

bool is_port(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) {
        return false;
    }
    unsigned value = 0;
    for (const char c : text) {
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value >= 1 && value <= 65535;
}

/// The length of the host at the beginning of `text`, 0 if there is none.
std::size_t host_length(std::string_view text) noexcept {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        const bool valid =
            end != std::string_view::npos && end > 2 &&
            std::all_of(
                text.begin() + 1, text.begin() + static_cast<long>(end), is_ip_literal_char
            );
        return valid ? end + 1 : 0;
    }
    const auto end = std::find_if_not(text.begin(), text.end(), is_name_char);
    return static_cast<std::size_t>(end - text.begin());
}

/// What follows "http://" or "https://"; nothing for other schemes.
std::optional<std::string_view> after_scheme(std::string_view text) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (iequals(text.substr(0, scheme.size()), scheme)) {
            return text.substr(scheme.size());
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) noexcept {
    const std::size_t length = host_length(text);
    if (length == 0) {
        return std::nullopt;
    }
    Authority authority{text.substr(0, length), {}};
    const std::string_view rest = text.substr(length);
    if (rest.empty() || rest == ":") {
        return authority;
    }
    if (rest.front() != ':' || !is_port(rest.substr(1))) {
        return std::nullopt;
    }
    authority.port = rest.substr(1);
    return authority;
}

Parsed<Target> parse_target(std::string_view method, std::string_view text) noexcept {
    if (method == "CONNECT" || method == "TRACE") {
        return Status::not_implemented;
    }
    if (text.starts_with('/')) {
        return Target{text, {}};
    }
    if (text == "*") {
        return method == "OPTIONS" ? Parsed<Target>(Target{text, {}}) : Status::bad_request;
    }
    const std::optional<std::string_view> rest = after_scheme(text);
    if (!rest) {
        return Status::bad_request;
    }
    const std::size_t path = std::min(rest->find_first_of("/?"), rest->size());
    Target target{rest->substr(path), rest->substr(0, path)};
    if (!parse_authority(target.authority) || target.path.starts_with('?')) {
        return Status::bad_request;
    }
    if (target.path.empty()) {
        // RFC 9112 §3.2.4: OPTIONS without a path asks about the server itself.
        target.path = method == "OPTIONS" ? "*" : "/";
    }
    return target;
}

}  // namespace hsmfront::http
