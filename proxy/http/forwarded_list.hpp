// The grammar of Forwarded (RFC 7239 §4).
#pragma once

#include <string_view>

namespace hsmfront::http {

/// True if `text` is a list of elements, so that another one may be appended: behind an open quote
/// it would be lost in that value. Empty elements are allowed (RFC 9110 §5.6.1).
[[nodiscard]] bool is_forwarded_list(std::string_view text) noexcept;

}  // namespace hsmfront::http
