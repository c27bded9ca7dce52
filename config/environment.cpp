// Environment: expansion of ${NAME}.
#include "config/environment.hpp"

#include <algorithm>
#include <cstdlib>

namespace hsmfront::config {
namespace {

constexpr std::string_view opening = "${";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name(std::string_view name) {
    return !name.empty() && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return is_letter(c) || (c >= '0' && c <= '9');
           });
}

}  // namespace

Expanded expand_environment(std::string_view text, bool secret) {
    Expanded out;
    std::size_t from = 0;
    while (true) {
        const auto at = text.find(opening, from);
        if (at == std::string_view::npos) {
            out.text += text.substr(from);
            return out;
        }
        if (at > from && text[at - 1] == '$') {
            out.text += text.substr(from, at - 1 - from);
            out.text += opening;
            from = at + opening.size();
            continue;
        }
        const auto end = text.find('}', at);
        const auto name_at = at + opening.size();
        const std::string name{
            text.substr(name_at, end == std::string_view::npos ? 0 : end - name_at)};
        if (!is_name(name)) {
            return {
                "",
                "expected ${NAME} with the name of an environment variable; "
                "write $${ for a plain ${"};
        }
        const char* const value = std::getenv(name.c_str());
        if (value == nullptr) {
            const bool nameable = !secret || (at == 0 && end + 1 == text.size());
            return {"", "environment variable " + (nameable ? name + " " : "") + "is not set"};
        }
        out.text += text.substr(from, at - from);
        out.text += value;
        from = end + 1;
    }
}

}  // namespace hsmfront::config
