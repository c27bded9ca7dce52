#include "tests/fuzz/pieces.hpp"

#include <algorithm>

namespace hsmfront::fuzz {

Pieces bytewise(std::string_view bytes) {
    Pieces pieces;
    pieces.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        pieces.push_back(bytes.substr(at, 1));
    }
    return pieces;
}

Pieces scattered(std::string_view bytes) {
    constexpr std::uint32_t longest = 17;
    std::uint32_t state = static_cast<std::uint32_t>(bytes.size()) + 1;
    Pieces pieces;
    while (!bytes.empty()) {
        const auto size = std::min<std::size_t>(1 + (state >> 16U) % longest, bytes.size());
        pieces.push_back(bytes.substr(0, size));
        for (const char byte : pieces.back()) {
            // The generator of C's rand(), stirred by what was read.
            state = (state ^ static_cast<unsigned char>(byte)) * 1103515245U + 12345U;
        }
        bytes.remove_prefix(size);
    }
    return pieces;
}

}  // namespace hsmfront::fuzz
