// Text of the documents: escaped for roff, with lines and words taken apart.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hsmfront::reference {

/// `text` for a man page: no character of it is taken for a request or an escape.
[[nodiscard]] std::string roff(std::string_view text);

/// The same with an empty line between paragraphs as a request.
[[nodiscard]] std::string roff_paragraphs(std::string_view text);

[[nodiscard]] std::string bold(std::string_view text);
[[nodiscard]] std::string italic(std::string_view text);

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);
[[nodiscard]] std::string joined(const std::vector<std::string>& words, std::string_view between);

}  // namespace hsmfront::reference
