// KeySource: gets the token ready at start: PIN, login, retries while it is merely unreachable.
#pragma once

#include "certs/hsm.hpp"
#include "config/settings.hpp"

#include <memory>
#include <stop_token>

namespace hsmfront::runtime {

/// The PIN from where the configuration says, else from the terminal within hsm.pin_timeout; empty
/// if the token wants none. Then Hsm::open. A token that does not answer is tried again, with
/// back-off, until `stop`; each other failure is final, and a PIN is sent once. Blocks.
[[nodiscard]] certs::Loaded<std::shared_ptr<certs::Hsm>> open_hsm(
    const config::Hsm& settings, const std::stop_token& stop
);

}  // namespace hsmfront::runtime
