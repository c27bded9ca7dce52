// Environment: ${NAME} in values of the configuration.
#pragma once

#include <string>
#include <string_view>

namespace hsmfront::config {

struct Expanded {
    std::string text;
    std::string error;  ///< for the user; empty: fine
};

/// `text` with each ${NAME} replaced by that environment variable; "$${" stands for "${".
/// The error names a variable that is not set; of a `secret` only when it is nothing else.
[[nodiscard]] Expanded expand_environment(std::string_view text, bool secret);

}  // namespace hsmfront::config
