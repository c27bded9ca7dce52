// CRC32C (Castagnoli), the checksum of PROXY headers (RFC 9260, appendix A).
#pragma once

#include <cstdint>
#include <string_view>

namespace hsmfront::net {

[[nodiscard]] std::uint32_t crc32c(std::string_view bytes) noexcept;

}  // namespace hsmfront::net
