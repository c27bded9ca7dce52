// HTTP/2 by hand.
#include "tests/harness/http2_client.hpp"

#include <algorithm>
#include <nghttp2/nghttp2.h>

namespace hsmfront::test {

namespace h2 {

namespace {

/// An integer with a prefix of `bits` (RFC 7541 §5.1).
std::string prefixed(std::size_t value, unsigned bits) {
    const std::size_t most = (std::size_t{1} << bits) - 1;
    if (value < most) {
        return std::string(1, static_cast<char>(value));
    }
    std::string out(1, static_cast<char>(most));
    for (value -= most; value >= 128; value /= 128) {
        out += static_cast<char>(value % 128 + 128);
    }
    return out + static_cast<char>(value);
}

}  // namespace

std::string number(std::uint64_t value, std::size_t bytes) {
    std::string out(bytes, '\0');
    for (auto digit = out.rbegin(); digit != out.rend(); ++digit, value >>= 8U) {
        *digit = static_cast<char>(value & 0xffU);
    }
    return out;
}

std::string frame(
    std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
) {
    return number(payload.size(), 3) + number(type, 1) + number(flags, 1) + number(stream, 4) +
           std::string(payload);
}

std::string block(const Fields& fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        out += '\0';
        out += prefixed(name.size(), 7) + name + prefixed(value.size(), 7) + value;
    }
    return out;
}

Fields request(const std::string& method, const std::string& path, const Fields& more) {
    Fields fields = {
        {":method", method}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
}

}  // namespace h2

namespace {

std::uint32_t value_of(std::string_view bytes) {
    std::uint32_t value = 0;
    for (const char byte : bytes) {
        value = value << 8U | static_cast<unsigned char>(byte);
    }
    return value;
}

nghttp2_hd_inflater* new_inflater() {
    nghttp2_hd_inflater* inflater = nullptr;
    nghttp2_hd_inflate_new(&inflater);
    return inflater;
}

h2::Fields inflate(nghttp2_hd_inflater* inflater, std::string_view block) {
    h2::Fields fields;
    while (true) {
        nghttp2_nv line{};
        int flags = 0;
        const auto used = nghttp2_hd_inflate_hd2(
            inflater,
            &line,
            &flags,
            reinterpret_cast<const std::uint8_t*>(block.data()),
            block.size(),
            1
        );
        if (used < 0) {
            return {{"error", "HPACK"}};
        }
        block.remove_prefix(static_cast<std::size_t>(used));
        if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
            fields.emplace_back(
                std::string(reinterpret_cast<char*>(line.name), line.namelen),
                std::string(reinterpret_cast<char*>(line.value), line.valuelen)
            );
        }
        if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) {
            nghttp2_hd_inflate_end_headers(inflater);
            return fields;
        }
    }
}

std::string value_in(const h2::Fields& fields, std::string_view name) {
    std::string found;
    for (const auto& [key, value] : fields) {
        if (key == name) {
            found += (found.empty() ? "" : " | ") + value;
        }
    }
    return found;
}

}  // namespace

int Http2Client::Stream::status() const {
    const std::string text = field(":status");
    return text.empty() ? 0 : std::stoi(text);
}

std::string Http2Client::Stream::field(std::string_view name) const {
    return value_in(fields, name);
}

Http2Client::Http2Client(Wire wire)
    : wire_(std::move(wire)), inflater_(new_inflater(), nghttp2_hd_inflate_del) {}
Http2Client::~Http2Client() = default;
Http2Client::Http2Client(Http2Client&&) noexcept = default;
Http2Client& Http2Client::operator=(Http2Client&&) noexcept = default;

void Http2Client::greet(std::string_view settings) {
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2::frame(h2::settings, h2::none, 0, settings));
}

bool Http2Client::request(std::uint32_t stream, const h2::Fields& fields, bool ended) {
    const auto flags = static_cast<std::uint8_t>(h2::end_headers | (ended ? h2::end_stream : 0));
    return send(h2::frame(h2::headers, flags, stream, h2::block(fields)));
}

bool Http2Client::data(std::uint32_t stream, std::string_view content, bool ended) {
    return send(h2::frame(h2::data, ended ? h2::end_stream : h2::none, stream, content));
}

bool Http2Client::reset(std::uint32_t stream, std::uint32_t error) {
    return send(h2::frame(h2::rst_stream, h2::none, stream, h2::number(error, 4)));
}

bool Http2Client::grant(std::uint32_t stream, std::uint32_t window) {
    return send(h2::frame(h2::window_update, h2::none, stream, h2::number(window, 4)));
}

bool Http2Client::await(const std::function<bool()>& enough) {
    while (!enough()) {
        if (!receive()) {
            return enough();
        }
    }
    return true;
}

bool Http2Client::done(std::uint32_t stream) {
    return await([&] { return streams_[stream].done(); });
}

bool Http2Client::closed() {
    while (receive()) {
    }
    wire_.close();
    return ending_ == Ending::close_notify;
}

bool Http2Client::round_trip() {
    const std::size_t before = pongs_;
    return send(h2::frame(h2::ping, h2::none, 0, "roundtri")) &&
           await([&] { return pongs_ > before; });
}

bool Http2Client::receive() {
    const std::string head = wire_.take(9);
    if (head.size() < 9) {
        ending_ = wire_.rest().ending;
        return false;
    }
    const std::string payload = wire_.take(value_of(head.substr(0, 3)));
    take(
        static_cast<std::uint8_t>(head[3]),
        static_cast<std::uint8_t>(head[4]),
        value_of(head.substr(5)) & 0x7fffffffU,
        payload
    );
    return true;
}

void Http2Client::take(
    std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload
) {
    switch (type) {
        case h2::data:
            streams_[stream].body += payload;
            streams_[stream].ended = (flags & h2::end_stream) != 0;
            if (generous && !payload.empty()) {
                grant(0, static_cast<std::uint32_t>(payload.size()));
                if (!streams_[stream].ended) {
                    grant(stream, static_cast<std::uint32_t>(payload.size()));
                }
            }
            break;
        case h2::headers:
            block_ends_ = (flags & h2::end_stream) != 0;
            [[fallthrough]];
        case h2::continuation:
            block_ += payload;
            if ((flags & h2::end_headers) != 0) {
                take_fields(streams_[stream], block_, block_ends_);
                block_.clear();
            }
            break;
        case h2::rst_stream:
            streams_[stream].reset = value_of(payload);
            break;
        case h2::settings:
            take_settings(flags, payload);
            break;
        case h2::ping:
            if ((flags & h2::ack) == 0) {
                send(h2::frame(h2::ping, h2::ack, 0, payload));
            } else {
                ++pongs_;
            }
            break;
        case h2::goaway:
            goaways_.push_back({value_of(payload.substr(0, 4)), value_of(payload.substr(4, 4))});
            break;
        case h2::window_update:
            windows_[stream] += value_of(payload);
            break;
        default:
            break;
    }
}

void Http2Client::take_fields(Stream& stream, std::string_view block, bool ended) {
    h2::Fields fields = inflate(inflater_.get(), block);
    const std::string status = value_in(fields, ":status");
    if (status.starts_with('1')) {
        stream.interim.push_back(std::move(fields));
    } else {
        (status.empty() ? stream.trailers : stream.fields) = std::move(fields);
    }
    stream.ended = ended;
}

void Http2Client::take_settings(std::uint8_t flags, std::string_view payload) {
    if ((flags & h2::ack) != 0) {
        return;
    }
    for (; payload.size() >= 6; payload.remove_prefix(6)) {
        settings_[value_of(payload.substr(0, 2))] = value_of(payload.substr(2, 4));
    }
    if (settling) {
        send(h2::frame(h2::settings, h2::ack, 0));
    }
}

}  // namespace hsmfront::test
