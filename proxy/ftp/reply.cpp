#include "proxy/ftp/reply.hpp"

#include "proxy/ftp/errc.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::ftp {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool begins_with_number(std::string_view line) {
    return line.size() >= 3 && std::all_of(line.begin(), line.begin() + 3, is_digit);
}

/// The code at the start of `line`, or 0.
int code_of(std::string_view line) {
    if (!begins_with_number(line)) {
        return 0;
    }
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    return code >= 100 && code < 600 ? code : 0;
}

/// What follows the code: a space ends the reply, as does the line's end.
char separator_of(std::string_view line) { return line.size() > 3 ? line[3] : ' '; }

}  // namespace

std::string_view Reply::text() const {
    const std::string_view last = lines.empty() ? std::string_view{} : lines.back();
    return last.substr(std::min<std::size_t>(4, last.size()));
}

std::string Reply::serialise() const {
    std::string wire;
    for (const auto& line : lines) {
        wire.append(line).append("\r\n");
    }
    return wire;
}

Reply make_reply(int code, std::string_view text) {
    Reply reply{code, {}};
    reply.lines.push_back(std::to_string(code).append(" ").append(text));
    return reply;
}

void ReplyParser::append(std::span<const char> bytes) {
    pending_.append(bytes.data(), bytes.size());
}

Result<std::optional<Reply>> ReplyParser::next() {
    while (!error_) {
        const auto line = next_line();
        if (!line) {
            break;
        }
        const Result<Progress> progress = take(*line);
        if (!progress) {
            error_ = progress.error();
        } else if (*progress == Progress::complete) {
            size_ = 0;
            return std::optional{std::exchange(reply_, {})};
        }
    }
    constexpr std::size_t cr = 1;  // of a CRLF that is on its way
    if (!error_ && pending_.size() - position_ > line_limit + cr) {
        error_ = Errc::line_too_long;
    }
    if (error_) {
        return error_;
    }
    pending_.erase(0, position_);
    searched_ -= position_;
    position_ = 0;
    if (pending_.empty()) {
        pending_ = {};  // an idle session keeps no buffer
    }
    return std::optional<Reply>{};
}

std::optional<std::string_view> ReplyParser::next_line() {
    const auto end = pending_.find("\r\n", std::max(position_, searched_));
    if (end == std::string::npos) {
        // The last byte may be the CR of a CRLF.
        searched_ = std::max(position_, pending_.empty() ? 0 : pending_.size() - 1);
        return std::nullopt;
    }
    const auto line = std::string_view{pending_}.substr(position_, end - position_);
    position_ = end + 2;
    searched_ = position_;
    return line;
}

Result<ReplyParser::Progress> ReplyParser::take(std::string_view line) {
    size_ += line.size() + 2;
    if (line.size() > line_limit) {
        return make_error_code(Errc::line_too_long);
    }
    if (size_ > reply_limit) {
        return make_error_code(Errc::reply_too_long);
    }
    const int code = code_of(line);
    const char separator = separator_of(line);
    const bool first = reply_.lines.empty();
    if (first) {
        if (code == 0 || (separator != ' ' && separator != '-')) {
            return make_error_code(Errc::bad_reply);
        }
        reply_.code = code;
    } else if (begins_with_number(line) && code != reply_.code && separator == ' ') {
        return make_error_code(Errc::changed_code);
    }
    reply_.lines.emplace_back(line);
    return code == reply_.code && separator == ' ' ? Progress::complete : Progress::more;
}

}  // namespace hsmfront::ftp
