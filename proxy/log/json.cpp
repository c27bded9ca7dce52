#include "proxy/log/json.hpp"

#include <cstddef>

namespace hsmfront::log {
namespace {

/// The length of the well-formed UTF-8 sequence (RFC 3629 §4) that `text` begins with, 0 if none.
std::size_t utf8_length(std::string_view text) noexcept {
    const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = at(0);
    const std::size_t length = first < 0x80                     ? 1
                               : first >= 0xc2 && first <= 0xdf ? 2
                               : first >= 0xe0 && first <= 0xef ? 3
                               : first >= 0xf0 && first <= 0xf4 ? 4
                                                                : 0;
    if (length == 0 || length > text.size()) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (at(i) < 0x80 || at(i) > 0xbf) {
            return 0;
        }
    }
    // Overlong forms, surrogates and what lies beyond U+10FFFF.
    const bool wrong =
        length > 2 && ((first == 0xe0 && at(1) < 0xa0) || (first == 0xed && at(1) > 0x9f) ||
                       (first == 0xf0 && at(1) < 0x90) || (first == 0xf4 && at(1) > 0x8f));
    return wrong ? 0 : length;
}

void append_json_character(std::string& out, std::string_view character) {
    const auto first = static_cast<unsigned char>(character[0]);
    const auto last = static_cast<unsigned char>(character.back());
    const bool c1 = character.size() == 2 && first == 0xc2 && last < 0xa0;  // U+0080 to U+009F
    if (c1 || first < 0x20 || first == 0x7f) {
        constexpr std::string_view digits = "0123456789abcdef";
        out += "\\u00";
        out += digits[last >> 4U];
        out += digits[last & 0xfU];
        return;
    }
    if (first == '"' || first == '\\') {
        out += '\\';
    }
    out += character;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            text.remove_prefix(1);
        } else {
            append_json_character(out, text.substr(0, length));
            text.remove_prefix(length);
        }
    }
    out += '"';
}

}  // namespace hsmfront::log
