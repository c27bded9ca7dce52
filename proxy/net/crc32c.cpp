#include "proxy/net/crc32c.hpp"

namespace hsmfront::net {

std::uint32_t crc32c(std::string_view bytes) noexcept {
    constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected
    std::uint32_t crc = 0xFFFFFFFF;
    // Bit by bit: a header has a few hundred bytes, and few balancers send a checksum.
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1U) != 0 ? polynomial : 0);
        }
    }
    return ~crc;
}

}  // namespace hsmfront::net
