// Scanning of frame heads.
#include "proxy/http/http2_scanner.hpp"

#include <algorithm>
#include <cstring>

namespace hsmfront::http {

std::optional<nghttp2_frame_hd> Http2Scanner::next(std::string_view& input) noexcept {
    const std::size_t skipped = std::min(skip_, input.size());
    skip_ -= skipped;
    input.remove_prefix(skipped);
    const std::size_t taken = std::min(head_size - got_, input.size());
    std::memcpy(head_.data() + got_, input.data(), taken);
    got_ += taken;
    input.remove_prefix(taken);
    if (got_ < head_size) {
        return std::nullopt;
    }
    got_ = 0;
    const nghttp2_frame_hd frame = parse();
    skip_ = frame.length;
    field_frame_ = frame.type == NGHTTP2_HEADERS || frame.type == NGHTTP2_CONTINUATION;
    block_open_ = field_frame_ && (frame.flags & NGHTTP2_FLAG_END_HEADERS) == 0;
    return frame;
}

nghttp2_frame_hd Http2Scanner::parse() const noexcept {
    const auto byte = [&](std::size_t at) { return std::uint32_t{head_.at(at)}; };
    nghttp2_frame_hd frame{};
    frame.length = byte(0) << 16U | byte(1) << 8U | byte(2);
    frame.type = head_[3];
    frame.flags = head_[4];
    const std::uint32_t stream = byte(5) << 24U | byte(6) << 16U | byte(7) << 8U | byte(8);
    frame.stream_id = static_cast<std::int32_t>(stream & 0x7fffffffU);
    return frame;
}

}  // namespace hsmfront::http
