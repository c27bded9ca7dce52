#include "proxy/runtime/expiry_watch.hpp"

#include <spdlog/fmt/chrono.h>

#include <array>

namespace hsmfront::runtime {
namespace {

constexpr std::time_t day = 86'400;
constexpr int never = 1 << 20;
/// Days left, the nearest first; 0: it has ended.
constexpr std::array thresholds{0, 1, 7, 30};

/// The nearest threshold that `left` seconds have reached.
int reached(std::time_t left) {
    for (const int days : thresholds) {
        if (left <= days * day) {
            return days;
        }
    }
    return never;
}

/// Rounded up: a certificate that ends in six days and a half says seven.
std::string in_words(std::time_t left) {
    const auto hours = (left + 3'599) / 3'600;
    return left > day ? fmt::format("{} days", (left + day - 1) / day)
                      : fmt::format("{} {}", hours, hours == 1 ? "hour" : "hours");
}

}  // namespace

std::vector<ExpiryNotice> ExpiryWatch::look(
    std::span<const tls::CertificateInfo> certificates, std::time_t now
) {
    std::vector<ExpiryNotice> notices;
    for (const auto& one : certificates) {
        const int days = reached(one.not_after - now);
        auto& told = told_.try_emplace({one.alias, one.not_after}, never).first->second;
        if (days >= told) {
            continue;
        }
        told = days;
        const std::string ended =
            fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(one.not_after));
        notices.push_back(
            {days <= 1,
             days == 0 ? fmt::format(
                             "alias {}: its certificate ({}) has expired at {}; clients refuse it",
                             one.alias,
                             one.subject,
                             ended
                         )
                       : fmt::format(
                             "alias {}: its certificate ({}) expires in {}, at {}; renew it",
                             one.alias,
                             one.subject,
                             in_words(one.not_after - now),
                             ended
                         )}
        );
    }
    return notices;
}

}  // namespace hsmfront::runtime
