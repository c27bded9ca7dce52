// Character classes, lists and look-up of header fields.
#include "proxy/http/fields.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::http {

namespace {

/// Where a character must not stand.
enum Fault : unsigned char { in_token = 1, in_text = 2 };

constexpr std::array<unsigned char, 256> make_faults() {
    std::array<unsigned char, 256> faults{};
    for (std::size_t c = 0; c < faults.size(); ++c) {
        const bool token =
            c < 0x80 && (is_alphanumeric(static_cast<char>(c)) ||
                         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) !=
                             std::string_view::npos);
        const bool text = (c >= 0x20 && c != 0x7f) || c == '\t';
        faults[c] = static_cast<unsigned char>((token ? 0 : in_token) | (text ? 0 : in_text));
    }
    return faults;
}

constexpr auto fault_table = make_faults();

/// Looks at all of it without a branch for each character: faults are rare.
unsigned faults_in(std::string_view text) noexcept {
    unsigned faults = 0;
    for (const char c : text) {
        faults |= fault_table[static_cast<unsigned char>(c)];
    }
    return faults;
}

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

}  // namespace

bool is_token_char(char c) noexcept { return is_token({&c, 1}); }

bool is_token(std::string_view text) noexcept {
    return !text.empty() && (faults_in(text) & in_token) == 0;
}

bool is_field_text(std::string_view text) noexcept { return (faults_in(text) & in_text) == 0; }

bool same_but_for_case(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
        return x == y || to_lower(x) == to_lower(y);
    });
}

bool same_to_variables(std::string_view a, std::string_view b) noexcept {
    const auto folded = [](char c) { return is_alphanumeric(c) ? to_lower(c) : '-'; };
    return std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) {
        return x == y || folded(x) == folded(y);
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
