// What is wrong with a chain, as clients will judge it.
#pragma once

#include "certs/chain.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace hsmfront::certs {

/// Everything that an operator should know about `chain`, one sentence each, most important first:
/// a missing issuer, wrong order, strangers, weak signatures and keys, a leaf that clients cannot
/// use as a server's, validity at `now`.
[[nodiscard]] std::vector<std::string> find_problems(const Chain& chain, std::time_t now);

}  // namespace hsmfront::certs
