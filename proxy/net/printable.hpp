// Text from outside for our logs.
#pragma once

#include <string>
#include <string_view>

namespace hsmfront::net {

/// `text` with '?' for control bytes, so that nobody writes log lines but us.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace hsmfront::net
