// Header fields as they stand in a message, and the small grammar they share (RFC 9110 §5).
#pragma once

#include <string_view>
#include <vector>

namespace hsmfront::http {

/// One field line. Views into the buffer the head was parsed from; the value has no outer
/// whitespace.
struct Field {
    std::string_view name;
    std::string_view value;
};

using Fields = std::vector<Field>;

/// tchar (RFC 9110 §5.6.2).
[[nodiscard]] bool is_token_char(char c) noexcept;
/// At least one character, all of them tchar.
[[nodiscard]] bool is_token(std::string_view text) noexcept;
/// Visible ASCII, space, tab and obs-text: what a field value may hold (RFC 9110 §5.5).
[[nodiscard]] bool is_field_text(std::string_view text) noexcept;
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr char to_lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
[[nodiscard]] constexpr bool is_alphanumeric(char c) noexcept {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

/// `a` and `b`, of the same size, are equal but for ASCII case.
[[nodiscard]] bool same_but_for_case(std::string_view a, std::string_view b) noexcept;
/// Equal but for ASCII case. Most names that are compared differ in length already.
[[nodiscard]] inline bool iequals(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && same_but_for_case(a, b);
}
/// As the two above, but every character that is neither letter nor digit counts as '-': backends
/// that turn field names into variables (CGI, WSGI) see `X_Forwarded_For` as X-Forwarded-For.
[[nodiscard]] bool same_to_variables(std::string_view a, std::string_view b) noexcept;
[[nodiscard]] inline bool looks_like(std::string_view name, std::string_view known) noexcept {
    return name.size() == known.size() && same_to_variables(name, known);
}
/// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// Takes the next element off a comma-separated list, trimmed; empty elements come out as "".
[[nodiscard]] std::string_view next_element(std::string_view& list) noexcept;
/// True if a field called `name` lists `token`.
[[nodiscard]] bool lists_token(
    const Fields& fields, std::string_view name, std::string_view token
) noexcept;

/// The first field called `name`, or null.
[[nodiscard]] const Field* find(const Fields& fields, std::string_view name) noexcept;

}  // namespace hsmfront::http
