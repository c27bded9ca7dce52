// The certificates of a configuration, as `hsmfront check` judges them.
#pragma once

#include "certs/chain.hpp"
#include "config/settings.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace hsmfront::runtime {

/// What is wrong with the chain of `alias` and with its stapling, with the file that it is about,
/// one sentence each. Reads files; asks no responder.
[[nodiscard]] std::vector<std::string> certificate_problems(
    const config::Settings& settings,
    const std::string& alias,
    const certs::Chain& chain,
    std::time_t now
);

}  // namespace hsmfront::runtime
