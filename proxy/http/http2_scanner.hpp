// Http2Scanner: the heads of the frames that a client sends (RFC 9113 §4.1). nghttp2 says nothing
// of those that it ignores, and these cost as much as others.
#pragma once

#include <array>
#include <cstddef>
#include <nghttp2/nghttp2.h>
#include <optional>
#include <string_view>

namespace hsmfront::http {

/// Takes the bytes of a connection piece by piece, from its preface on.
class Http2Scanner {
  public:
    /// The next frame whose head is complete; takes what was looked at off `input`. Nothing: the
    /// input is used up.
    [[nodiscard]] std::optional<nghttp2_frame_hd> next(std::string_view& input) noexcept;
    /// A field block has begun and is not complete (RFC 9113 §4.3).
    [[nodiscard]] bool in_field_block() const noexcept {
        return block_open_ || (field_frame_ && skip_ != 0);
    }

  private:
    static constexpr std::size_t head_size = 9;
    static constexpr std::size_t preface_size = 24;

    [[nodiscard]] nghttp2_frame_hd parse() const noexcept;

    std::size_t skip_ = preface_size;  ///< bytes up to the next frame's head
    std::array<unsigned char, head_size> head_{};
    std::size_t got_ = 0;       ///< bytes of it
    bool field_frame_ = false;  ///< the last head was of HEADERS or CONTINUATION
    bool block_open_ = false;   ///< and had no END_HEADERS
};

}  // namespace hsmfront::http
