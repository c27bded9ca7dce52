// The chunked coding (RFC 9112 §7.1), CRLF only.
#include "proxy/http/body.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hsmfront::http {

namespace {

constexpr std::size_t max_size_digits = 16;

int hex_value(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    const char lower = to_lower(c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing) noexcept : phase_(Phase::done), left_(framing.length) {
    if (framing.empty()) {
        return;
    }
    switch (framing.kind) {
        case Framing::Kind::none:
            break;
        case Framing::Kind::length:
            phase_ = Phase::length;
            break;
        case Framing::Kind::chunked:
            phase_ = Phase::size_begin;
            break;
        case Framing::Kind::until_close:
            phase_ = Phase::until_close;
            break;
    }
}

BodyDecoder::Step BodyDecoder::content(std::string_view input, Phase after) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
    left_ -= count;
    if (left_ == 0) {
        phase_ = after;
    }
    return {done() ? State::done : State::more, count, input.substr(0, count)};
}

BodyDecoder::Step BodyDecoder::next(std::string_view input) {
    switch (phase_) {
        case Phase::done:
            return {State::done, 0, {}};
        case Phase::malformed:
            return {State::malformed, 0, {}};
        case Phase::until_close:
            return {State::more, input.size(), input};
        case Phase::length:
            return content(input, Phase::done);
        default:
            break;
    }
    std::size_t used = 0;
    while (used < input.size() && phase_ != Phase::data && phase_ != Phase::done) {
        chunk_byte(input[used++]);
        if (phase_ == Phase::malformed) {
            return {State::malformed, used, {}};
        }
    }
    if (phase_ != Phase::data) {
        return {done() ? State::done : State::more, used, {}};
    }
    Step step = content(input.substr(used), Phase::data_cr);
    step.consumed += used;
    return step;
}

void BodyDecoder::chunk_byte(char c) {
    switch (phase_) {
        case Phase::size_begin:
            left_ = 0;
            line_ = 0;
            phase_ = hex_value(c) < 0 ? Phase::malformed : Phase::size;
            size_byte(c);
            break;
        case Phase::size:
            size_byte(c);
            break;
        case Phase::extension:
            extension_byte(c);
            break;
        case Phase::size_lf:
            end_size_line(c);
            break;
        case Phase::data_cr:
            phase_ = c == '\r' ? Phase::data_lf : Phase::malformed;
            break;
        case Phase::data_lf:
            phase_ = c == '\n' ? Phase::size_begin : Phase::malformed;
            break;
        case Phase::trailer:
            trailer_byte(c);
            break;
        default:
            phase_ = Phase::malformed;
            break;
    }
}

void BodyDecoder::size_byte(char c) {
    const int digit = hex_value(c);
    if (phase_ == Phase::malformed) {
        return;
    }
    if (digit >= 0) {
        // Below 2^63, and no run of leading zeros without end.
        const bool fits = ++line_ <= max_size_digits && left_ < (std::uint64_t{1} << 59);
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        phase_ = fits ? Phase::size : Phase::malformed;
    } else if (c == ';') {
        line_ = 0;
        phase_ = Phase::extension;
    } else {
        phase_ = c == '\r' ? Phase::size_lf : Phase::malformed;
    }
}

void BodyDecoder::extension_byte(char c) {
    if (c == '\r') {
        phase_ = Phase::size_lf;
    } else if (++line_ > max_extension || !is_field_text({&c, 1})) {
        phase_ = Phase::malformed;
    }
}

void BodyDecoder::end_size_line(char c) {
    if (c != '\n') {
        phase_ = Phase::malformed;
        return;
    }
    line_ = 0;
    phase_ = left_ == 0 ? Phase::trailer : Phase::data;
}

void BodyDecoder::trailer_byte(char c) {
    trailers_ += c;
    ++line_;
    if (trailers_.size() > max_trailers) {
        phase_ = Phase::malformed;
        return;
    }
    if (c != '\n') {
        return;
    }
    const std::string_view line(trailers_.data() + trailers_.size() - line_, line_);
    Field field;
    if (line == "\r\n") {
        trailers_.resize(trailers_.size() - 2);
        phase_ = Phase::done;
    } else if (!line.ends_with("\r\n") || !parse_field_line(line.substr(0, line_ - 2), field)) {
        phase_ = Phase::malformed;
    }
    line_ = 0;
}

void BodyEncoder::append(std::string& out, std::string_view data) const {
    if (data.empty()) {
        return;
    }
    if (kind_ == Kind::plain) {
        out += data;
        return;
    }
    std::array<char, max_size_digits> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), data.size(), 16).ptr;
    out.append(size.data(), end);
    out += "\r\n";
    out += data;
    out += "\r\n";
}

void BodyEncoder::finish(std::string& out, std::string_view trailers) const {
    if (kind_ == Kind::chunked) {
        out += "0\r\n";
        out += trailers;
        out += "\r\n";
    }
}

}  // namespace hsmfront::http
