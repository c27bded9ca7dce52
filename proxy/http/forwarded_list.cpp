// Elements are pairs with ';' between them, a pair is token=token or token="quoted".
#include "proxy/http/forwarded_list.hpp"

#include "proxy/http/fields.hpp"

#include <algorithm>

namespace hsmfront::http {
namespace {

bool is_separator(char c) noexcept { return c == ',' || c == ';'; }

/// The length of the quoted string (RFC 9110 §5.6.4) that `text` begins with, 0 if it has no end.
std::size_t quoted_length(std::string_view text) noexcept {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '"') {
            return at + 1;
        }
        at += text[at] == '\\' ? 1 : 0;
    }
    return 0;
}

/// Takes a pair off `rest`, and the whitespace behind it.
bool take_pair(std::string_view& rest) noexcept {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos || !is_token(rest.substr(0, equals))) {
        return false;
    }
    rest.remove_prefix(equals + 1);
    const auto token_end = std::find_if_not(rest.begin(), rest.end(), is_token_char);
    const std::size_t length = rest.starts_with('"')
                                   ? quoted_length(rest)
                                   : static_cast<std::size_t>(token_end - rest.begin());
    rest = trim(rest.substr(length));
    return length > 0;
}

}  // namespace

bool is_forwarded_list(std::string_view text) noexcept {
    std::string_view rest = trim(text);
    while (!rest.empty()) {
        if (is_separator(rest.front())) {
            rest = trim(rest.substr(1));
        } else if (!take_pair(rest) || (!rest.empty() && !is_separator(rest.front()))) {
            return false;
        }
    }
    return true;
}

}  // namespace hsmfront::http
