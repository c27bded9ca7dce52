#include "proxy/ftp/features.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::ftp {
namespace {

/// Features of the backend that say nothing about a session through us.
constexpr std::array<std::string_view, 16> replaced{
    "ADAT",
    "AUTH",
    "CCC",
    "CONF",
    "CPSV",
    "ENC",
    "EPRT",
    "EPSV",
    "HOST",
    "LPRT",
    "LPSV",
    "MIC",
    "PASV",
    "PBSZ",
    "PROT",
    "SSCN",
};
constexpr std::array<std::string_view, 6> ours{"AUTH TLS", "PBSZ", "PROT", "EPRT", "EPSV", "PASV"};

std::string_view without_prefix(std::string_view line) {
    if (line.starts_with("211-")) {  // some servers put the code before each line
        line.remove_prefix(4);
    }
    const auto begin = line.find_first_not_of(" \t");
    return begin == std::string_view::npos ? std::string_view{} : line.substr(begin);
}

bool is_replaced(std::string_view feature) {
    std::string name{feature.substr(0, feature.find_first_of(" \t;"))};
    std::ranges::transform(name, name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return std::ranges::find(replaced, name) != replaced.end();
}

}  // namespace

Reply merge_features(const Reply* backend, bool with_ccc) {
    Reply merged{211, {"211-Features:"}};
    for (const auto feature : ours) {
        merged.lines.push_back(std::string{" "}.append(feature));
    }
    if (with_ccc) {
        merged.lines.emplace_back(" CCC");
    }
    const std::size_t count = backend != nullptr ? backend->lines.size() : 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
        const auto feature = without_prefix(backend->lines[i]);
        if (!feature.empty() && !is_replaced(feature)) {
            merged.lines.push_back(std::string{" "}.append(feature));
        }
    }
    merged.lines.emplace_back("211 End");
    return merged;
}

}  // namespace hsmfront::ftp
