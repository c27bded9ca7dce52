// Fields in nghttp2's own form.
#include "proxy/http/http2_fields.hpp"

namespace hsmfront::http {

void Http2Fields::add(std::string_view name, std::string_view value) {
    for (const char c : name) {
        text_ += to_lower(c);
    }
    text_ += value;
    lines_.push_back({name.size(), value.size()});
}

void Http2Fields::add_status(unsigned status) { add(":status", std::to_string(status)); }

std::vector<nghttp2_nv> Http2Fields::lines() {
    std::vector<nghttp2_nv> lines;
    lines.reserve(lines_.size());
    auto* at = reinterpret_cast<std::uint8_t*>(text_.data());
    for (const Line& line : lines_) {
        lines.push_back({at, at + line.name, line.name, line.value, NGHTTP2_NV_FLAG_NONE});
        at += line.name + line.value;
    }
    return lines;
}

}  // namespace hsmfront::http
