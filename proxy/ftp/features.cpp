#include "proxy/ftp/features.hpp"

#include "proxy/ftp/command.hpp"

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

std::string name_of(std::string_view feature) {
    return upper(feature.substr(0, feature.find_first_of(" \t;")));
}

bool is_replaced(std::string_view feature) {
    return std::ranges::find(replaced, name_of(feature)) != replaced.end();
}

bool is_denied(std::string_view feature, std::span<const std::string> denied) {
    return std::ranges::find(denied, name_of(feature)) != denied.end();
}

}  // namespace

Reply merge_features(const Reply* backend, const OwnFeatures& own) {
    Reply merged{211, {"211-Features:"}};
    for (const auto feature : ours) {
        merged.lines.push_back(std::string{" "}.append(feature));
    }
    if (own.ccc) {
        merged.lines.emplace_back(" CCC");
    }
    if (own.host) {
        merged.lines.emplace_back(" HOST");
    }
    const std::size_t count = backend != nullptr ? backend->lines.size() : 0;
    for (std::size_t i = 1; i + 1 < count; ++i) {
        const auto feature = without_prefix(backend->lines[i]);
        if (!feature.empty() && !is_replaced(feature) && !is_denied(feature, own.denied)) {
            merged.lines.push_back(std::string{" "}.append(feature));
        }
    }
    merged.lines.emplace_back("211 End");
    return merged;
}

}  // namespace hsmfront::ftp
