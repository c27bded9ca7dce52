// The strict head parser.
#include "proxy/http/head.hpp"

#include <algorithm>

namespace hsmfront::http {

namespace {

/// Takes a line off `rest`, without its CRLF. The scanner saw that each line ends in CRLF.
std::string_view take_line(std::string_view& rest) noexcept {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
    return line;
}

Parsed<Version> parse_version(std::string_view text) noexcept {
    if (text == "HTTP/1.1") {
        return Version::http1_1;
    }
    if (text == "HTTP/1.0") {
        return Version::http1_0;
    }
    const bool well_formed = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                             text[6] == '.' && is_digit(text[7]);
    return well_formed ? Status::version_not_supported : Status::bad_request;
}

/// Visible ASCII but '#': a target has no fragment (RFC 9112 §3.2).
bool is_target(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > 0x20 && c < 0x7f && c != '#';
    });
}

Status parse_fields(std::string_view rest, std::size_t max_fields, Fields& fields) {
    fields.reserve(24);
    while (true) {
        const std::string_view line = take_line(rest);
        if (line.empty()) {
            return rest.empty() ? Status{} : Status::bad_request;
        }
        Field field;
        if (!parse_field_line(line, field)) {
            return Status::bad_request;
        }
        if (fields.size() == max_fields) {
            return Status::fields_too_large;
        }
        fields.push_back(field);
    }
}

}  // namespace

bool parse_field_line(std::string_view line, Field& field) noexcept {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
        return false;
    }
    field.name = line.substr(0, colon);
    field.value = trim(line.substr(colon + 1));
    return is_field_text(field.value);
}

bool HeadScanner::take_line(std::size_t line_feed) noexcept {
    const std::size_t length = line_feed - 1 - line_start_;
    const bool first = line_start_ == begin_;
    line_start_ = line_feed + 1;
    if (length > 0) {
        return false;
    }
    if (first && begin_ == 0 && kind_ == Kind::request) {
        begin_ = line_start_;
        return false;
    }
    end_ = line_start_;
    return true;
}

HeadScanner::State HeadScanner::scan(std::string_view input) noexcept {
    while (end_ == 0) {
        const std::size_t line_feed = input.find('\n', scanned_);
        if (line_feed == std::string_view::npos) {
            scanned_ = input.size();
            break;
        }
        scanned_ = line_feed + 1;
        if (line_feed == line_start_ || input[line_feed - 1] != '\r') {
            return State::malformed;
        }
        if (take_line(line_feed)) {
            break;
        }
    }
    // A buffer may hold the limit and no byte more: what fills it without an end is too large.
    const bool over = end_ == 0 ? input.size() >= limit_ : end_ - begin_ > limit_;
    if (over) {
        return line_start_ == begin_ ? State::line_too_long : State::too_large;
    }
    return end_ == 0 ? State::incomplete : State::complete;
}

Parsed<RequestHead> parse_request_head(std::string_view head, std::size_t max_fields) {
    std::string_view rest = head;
    const std::string_view line = take_line(rest);
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return Status::bad_request;
    }
    RequestHead request;
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    if (!is_token(request.method) || !is_target(request.target)) {
        return Status::bad_request;
    }
    const Parsed<Version> version = parse_version(line.substr(last + 1));
    if (!version) {
        return version.error();
    }
    request.version = *version;
    const Status fault = parse_fields(rest, max_fields, request.fields);
    if (fault != Status{}) {
        return fault;
    }
    return request;
}

Parsed<ResponseHead> parse_response_head(std::string_view head, std::size_t max_fields) {
    std::string_view rest = head;
    const std::string_view line = take_line(rest);
    // "HTTP/1.1 200 OK"; the reason may be empty, and some servers leave its space out too.
    if (line.size() < 12 || line[8] != ' ' || (line.size() > 12 && line[12] != ' ')) {
        return Status::bad_gateway;
    }
    const Parsed<Version> version = parse_version(line.substr(0, 8));
    const std::string_view code = line.substr(9, 3);
    if (!version || !std::all_of(code.begin(), code.end(), is_digit)) {
        return Status::bad_gateway;
    }
    ResponseHead response;
    response.version = *version;
    response.status =
        static_cast<unsigned>((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    response.reason = line.size() > 13 ? line.substr(13) : std::string_view();
    if (response.status < 100 || response.status > 599 || !is_field_text(response.reason) ||
        parse_fields(rest, max_fields, response.fields) != Status{}) {
        return Status::bad_gateway;
    }
    return response;
}

}  // namespace hsmfront::http
