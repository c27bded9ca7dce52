// Renewal: a planned new start of all tokens of an Hsm, with the PINs given.
#pragma once

#include "certs/supervisor.hpp"

namespace hsmfront::certs {

/// See Hsm::renew. One at a time. `pins` in the order of `tokens`; those missing are empty.
[[nodiscard]] Loaded<void> renew_tokens(
    const std::vector<std::shared_ptr<Supervisor>>& tokens, Pins pins
);

}  // namespace hsmfront::certs
