// Layout of a PROXY header of version 2, for its reader and its writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::net::v2 {

inline constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};

inline constexpr std::size_t command_at = 12;
inline constexpr std::size_t family_at = 13;
inline constexpr std::size_t length_at = 14;
inline constexpr std::size_t fixed_part = 16;  ///< what every header begins with

inline constexpr char command_local = 0x20;
inline constexpr char command_proxy = 0x21;

inline constexpr unsigned char tcp4 = 0x11;
inline constexpr unsigned char tcp6 = 0x21;
inline constexpr std::size_t tcp4_addresses = 12;  ///< bytes, with the ports
inline constexpr std::size_t tcp6_addresses = 36;

// Elements (TLV): one byte of type, two of the value's length, the value.
inline constexpr std::size_t element_head = 3;
inline constexpr char type_authority = 0x02;
inline constexpr char type_crc32c = 0x03;
inline constexpr char type_unique_id = 0x05;
inline constexpr char type_ssl = 0x20;
inline constexpr char subtype_ssl_version = 0x21;
inline constexpr char subtype_ssl_cn = 0x22;
inline constexpr char subtype_ssl_cipher = 0x23;

inline std::string big_endian(std::uint16_t value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value)};
}

inline std::string big_endian(std::uint32_t value) {
    return big_endian(static_cast<std::uint16_t>(value >> 16)) +
           big_endian(static_cast<std::uint16_t>(value));
}

}  // namespace hsmfront::net::v2
