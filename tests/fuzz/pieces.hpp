// Pieces: one input in the portions in which a socket might bring it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hsmfront::fuzz {

using Pieces = std::vector<std::string_view>;

/// Every byte alone.
[[nodiscard]] Pieces bytewise(std::string_view bytes);
/// Portions of 1–17 bytes; which ones depends on the bytes alone, so a finding can be repeated.
[[nodiscard]] Pieces scattered(std::string_view bytes);

}  // namespace hsmfront::fuzz
