#include "proxy/ftp/line_splitter.hpp"

#include "proxy/ftp/errc.hpp"

#include <utility>

namespace hsmfront::ftp {
namespace {

// RFC 854
constexpr char iac = '\xff';
constexpr char interrupt_process = '\xf4';
constexpr char data_mark = '\xf2';

}  // namespace

void LineSplitter::append(std::span<const char> bytes) {
    pending_.append(bytes.data(), bytes.size());
}

Result<std::optional<std::string>> LineSplitter::next() {
    while (position_ < pending_.size() && !error_) {
        const Result<Progress> progress = take(pending_[position_++]);
        if (!progress) {
            error_ = progress.error();
        } else if (*progress == Progress::complete) {
            release_consumed();
            return std::optional{std::exchange(line_, {})};
        }
    }
    if (error_) {
        return error_;
    }
    release_consumed();
    return std::optional<std::string>{};
}

bool LineSplitter::empty() const noexcept {
    return position_ == pending_.size() && line_.empty() && state_ == State::text && !error_;
}

Result<LineSplitter::Progress> LineSplitter::take(char byte) {
    switch (std::exchange(state_, State::text)) {
        case State::cr:
            if (byte != '\n') {
                return make_error_code(Errc::bare_cr);
            }
            return Progress::complete;
        case State::iac:
            if (byte == interrupt_process || byte == data_mark) {
                return Progress::more;
            }
            if (const Result<Progress> kept = keep(iac); !kept || byte == iac) {
                return kept;
            }
            return take_text(byte);
        case State::text:
            break;
    }
    return take_text(byte);
}

Result<LineSplitter::Progress> LineSplitter::take_text(char byte) {
    switch (byte) {
        case '\r':
            state_ = State::cr;
            return Progress::more;
        case iac:
            state_ = State::iac;
            return Progress::more;
        case '\n':
            return make_error_code(Errc::bare_lf);
        case '\0':
            return make_error_code(Errc::nul);
        default:
            return keep(byte);
    }
}

Result<LineSplitter::Progress> LineSplitter::keep(char byte) {
    if (line_.size() >= limit_) {
        return make_error_code(Errc::line_too_long);
    }
    line_.push_back(byte);
    return Progress::more;
}

void LineSplitter::release_consumed() {
    if (position_ == pending_.size()) {
        pending_ = {};  // an idle session keeps no buffer
        position_ = 0;
    }
}

}  // namespace hsmfront::ftp
