// Spelling: the known word a misspelt one was probably meant to be.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hsmfront::config {

/// The candidate nearest to `word`; letter case, '_' and '-' aside. Empty: none is near.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace hsmfront::config
