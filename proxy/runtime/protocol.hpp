// Protocol: what FTPS and HTTPS have in common when they start.
#pragma once

#include "config/settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::runtime {

enum class Protocol { ftp, http };

inline constexpr Protocol all_protocols[] = {Protocol::ftp, Protocol::http};

[[nodiscard]] std::string_view name(Protocol protocol);
[[nodiscard]] bool enabled(const config::Settings& settings, Protocol protocol);
/// Ftp.Hsm.enabled or Http.Hsm.enabled.
[[nodiscard]] bool uses_hsm(const config::Settings& settings, Protocol protocol);
[[nodiscard]] const std::vector<std::string>& aliases(
    const config::Settings& settings, Protocol protocol
);
[[nodiscard]] const std::vector<config::Host>& hosts(
    const config::Settings& settings, Protocol protocol
);

/// Where it listens, as configured.
[[nodiscard]] std::vector<config::Endpoint> endpoints(
    const config::Settings& settings, Protocol protocol
);

}  // namespace hsmfront::runtime
