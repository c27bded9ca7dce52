#include "proxy/net/printable.hpp"

#include <algorithm>

namespace hsmfront::net {

std::string printable(std::string_view text) {
    std::string result{text};
    std::ranges::replace_if(
        result, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?'
    );
    return result;
}

}  // namespace hsmfront::net
