// Validator: rules that span several keys.
#pragma once

#include "config/problem.hpp"
#include "config/settings.hpp"

#include <vector>

namespace hsmfront::config {

/// All contradictions and omissions in `settings`; each placed at the key it names, else at the
/// section where that key is missing. A protocol that is not enabled is not looked at.
[[nodiscard]] std::vector<Problem> validate(const Settings& settings, const Positions& positions);

}  // namespace hsmfront::config
