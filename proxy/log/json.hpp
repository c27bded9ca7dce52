// Text from outside for JSON (RFC 8259 §7).
#pragma once

#include <string>
#include <string_view>

namespace hsmfront::log {

/// Appends `text` as a string with its quotes. Control characters are escaped, bytes that are no
/// UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace hsmfront::log
