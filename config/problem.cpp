// Problem: construction, rendering, and the way from a key path to a position.
#include "config/problem.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hsmfront::config {
namespace {

constexpr std::size_t shown_length = 60;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Keeps a line one line, and a terminal safe from escape sequences in the file.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (is_control(c)) {
            std::array<char, 8> hex{};
            std::snprintf(hex.data(), hex.size(), "\\x%02x", static_cast<unsigned char>(c));
            out += hex.data();
        } else {
            out += c;
        }
    }
    return out;
}

Problem problem_at(
    Problem::Severity severity, const Position& at, std::string key, std::string message
) {
    return {severity, at.file, at.line, at.column, std::move(key), std::move(message)};
}

}  // namespace

Problem error_at(const Position& at, std::string key, std::string message) {
    return problem_at(Problem::Severity::error, at, std::move(key), std::move(message));
}

Problem warning_at(const Position& at, std::string key, std::string message) {
    return problem_at(Problem::Severity::warning, at, std::move(key), std::move(message));
}

bool has_errors(std::span<const Problem> problems) {
    return std::any_of(problems.begin(), problems.end(), [](const Problem& problem) {
        return problem.severity == Problem::Severity::error;
    });
}

std::string render(const Problem& problem) {
    std::string out = printable(problem.file);
    if (problem.line > 0) {
        out += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
    }
    out += problem.severity == Problem::Severity::error ? ": error: " : ": warning: ";
    if (!problem.key.empty()) {
        out += printable(problem.key) + ": ";
    }
    return out + printable(problem.message);
}

std::string render(std::span<const Problem> problems) {
    std::string out;
    for (const Problem& problem : problems) {
        out += render(problem) + '\n';
    }
    return out;
}

std::string in_quotes(std::string_view text) {
    const bool cut = text.size() > shown_length;
    return '"' + printable(text.substr(0, shown_length)) + (cut ? "…\"" : "\"");
}

Position Positions::find(std::string_view key) const {
    while (!key.empty()) {
        if (const auto found = known_.find(key); found != known_.end()) {
            return found->second;
        }
        const auto cut = key.find_last_of(".[");
        key = cut == std::string_view::npos ? std::string_view{} : key.substr(0, cut);
    }
    return file_;
}

}  // namespace hsmfront::config
