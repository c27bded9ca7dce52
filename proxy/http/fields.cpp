// Character classes, lists and look-up of header fields.
#include "proxy/http/fields.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::http {

namespace {

constexpr std::array<bool, 256> make_token_table() {
    std::array<bool, 256> table{};
    for (int c = '0'; c <= '9'; ++c) {
        table[static_cast<std::size_t>(c)] = true;
    }
    for (int c = 'a'; c <= 'z'; ++c) {
        table[static_cast<std::size_t>(c)] = true;
        table[static_cast<std::size_t>(c - 'a' + 'A')] = true;
    }
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}

constexpr auto token_table = make_token_table();

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

bool is_token_char(char c) noexcept { return token_table[static_cast<unsigned char>(c)]; }

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_text(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto u = static_cast<unsigned char>(c);
        return (u >= 0x20 && u != 0x7f) || c == '\t';
    });
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_alphanumeric(char c) noexcept {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool iequals(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
               return to_lower(x) == to_lower(y);
           });
}

bool looks_like(std::string_view name, std::string_view known) noexcept {
    const auto folded = [](char c) { return is_alphanumeric(c) ? to_lower(c) : '-'; };
    return name.size() == known.size() &&
           std::equal(name.begin(), name.end(), known.begin(), [&](char x, char y) {
               return folded(x) == folded(y);
           });
}

std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::string_view next_element(std::string_view& list) noexcept {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    return element;
}

bool lists_token(const Fields& fields, std::string_view name, std::string_view token) noexcept {
    for (const Field& field : fields) {
        if (!iequals(field.name, name)) {
            continue;
        }
        for (std::string_view rest = field.value; !rest.empty();) {
            if (iequals(next_element(rest), token)) {
                return true;
            }
        }
    }
    return false;
}

const Field* find(const Fields& fields, std::string_view name) noexcept {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) {
        return iequals(field.name, name);
    });
    return found == fields.end() ? nullptr : &*found;
}

}  // namespace hsmfront::http
