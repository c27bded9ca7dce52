// What doctor finds out about single aliases.
#pragma once

#include "certs/admin_token.hpp"
#include "config/settings.hpp"
#include "proxy/commands/checklist.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace hsmfront::commands {

/// "3.27 ms".
[[nodiscard]] std::string in_ms(std::chrono::duration<double, std::milli> time);

/// The leaf of <certificates>/<alias>.pem; empty if there is none that can be read.
[[nodiscard]] certs::X509Ptr leaf_in_file(
    const config::Settings& settings, const std::string& alias
);

/// The key of `alias`, its protection, its certificate, and how long signatures take.
void examine_alias(
    Checklist& list,
    const config::Settings& settings,
    const certs::AdminToken& token,
    const std::string& alias
);

/// Signatures per second of each alias through Hsm::open, for `duration` each. Keys that cannot be
/// found are left out: examine_alias has told of them.
void measure_aliases(
    Checklist& list,
    const config::Settings& settings,
    certs::Secret pin,
    const std::vector<std::string>& aliases,
    std::chrono::milliseconds duration
);

}  // namespace hsmfront::commands
