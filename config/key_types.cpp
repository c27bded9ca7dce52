// KeyTypes: the checks of text and the parts of messages.
#include "config/key_types.hpp"

#include "config/address.hpp"
#include "config/problem.hpp"

#include <algorithm>
#include <string_view>

namespace hsmfront::config {

Key example(Key key) {
    key.has_default = false;
    return key;
}

Key secret(Key key) {
    key.secret = true;
    return key;
}

std::string alternatives(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool last = i + 1 == words.size();
        out += (i == 0 ? "" : last ? " or " : ", ") + words[i];
    }
    return out;
}

std::string detail::outside(
    const std::string& min, const std::string& max, const std::string& found
) {
    return "must be between " + min + " and " + max + ", found " + in_quotes(found);
}

std::string detail::not_one_of(const std::vector<std::string>& names, const std::string& found) {
    return "expected " + alternatives(names) + ", found " + in_quotes(found);
}

std::string check_filled(const std::string& text) {
    return text.empty() ? "must not be empty" : "";
}

std::string check_address(const std::string& text) {
    return parse_address(text) ? "" : "expected an IPv4 or IPv6 address, found " + in_quotes(text);
}

std::string check_host(const std::string& text) {
    return is_host(text) ? "" : "expected an address or host name, found " + in_quotes(text);
}

std::string check_host_pattern(const std::string& text) {
    const std::string_view host = text.starts_with("*.") ? std::string_view(text).substr(2) : text;
    return is_host(host) ? ""
                         : "expected a host name such as *.example.com, found " + in_quotes(text);
}

std::string check_network(const std::string& text) {
    return is_network(text) ? ""
                            : "expected a network such as 10.0.0.0/8, found " + in_quotes(text);
}

std::string check_alias(const std::string& text) {
    if (text.empty()) {
        return "an alias must not be empty";
    }
    if (text.find('/') != std::string::npos || text.find("..") != std::string::npos ||
        text == ".") {
        return "an alias names files (<alias>.pem), so it may not hold '/' or '..', found " +
               in_quotes(text);
    }
    return "";
}

std::string check_url_path(const std::string& text) {
    if (!text.starts_with('/')) {
        return "must begin with \"/\", found " + in_quotes(text);
    }
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{"/-._~!$&'()*+,=:@"}.find(c) != std::string_view::npos;
    };
    if (!std::ranges::all_of(text, is_plain)) {
        return "holds a character that a path cannot, or not in one way only, found " +
               in_quotes(text);
    }
    const std::string closed = text + '/';
    if (text.find("//") != std::string::npos || closed.find("/./") != std::string::npos ||
        closed.find("/../") != std::string::npos) {
        return "may not hold \"//\" nor segments \".\" or \"..\", found " + in_quotes(text);
    }
    return "";
}

std::string check_url_target(const std::string& text) {
    const auto is_visible = [](char c) { return c > ' ' && c < 0x7f && c != '#'; };
    return text.starts_with('/') && std::ranges::all_of(text, is_visible)
               ? ""
               : "expected a path such as /health, found " + in_quotes(text);
}

std::string check_command(const std::string& text) {
    constexpr std::size_t longest = 16;
    const auto is_word = [](std::string_view word) {
        return !word.empty() && word.size() <= longest &&
               std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
    };
    const std::string_view all = text;
    const auto space = all.find(' ');
    const bool ok = is_word(all.substr(0, space)) &&
                    (space == std::string_view::npos || is_word(all.substr(space + 1)));
    return ok ? "" : "expected a command such as DELE or SITE CHMOD, found " + in_quotes(text);
}

}  // namespace hsmfront::config
