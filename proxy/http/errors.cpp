// Error pages, the redirect answer and their Date field.
#include "proxy/http/errors.hpp"

#include <array>
#include <cstdio>

namespace hsmfront::http {

namespace {

struct Entry {
    Status status;
    std::string_view reason;
    std::string_view text;
};

constexpr std::array entries{
    Entry{Status::bad_request, "Bad Request", "The request is not valid HTTP."},
    Entry{Status::not_found, "Not Found", "Nothing is served under this address."},
    Entry{Status::request_timeout, "Request Timeout", "The request did not arrive in time."},
    Entry{Status::content_too_large, "Content Too Large", "The request's content is too large."},
    Entry{Status::uri_too_long, "URI Too Long", "The request's address is too long."},
    Entry{
        Status::misdirected,
        "Misdirected Request",
        "This connection was opened for another host name."},
    Entry{
        Status::fields_too_large,
        "Request Header Fields Too Large",
        "The request's header is too large."},
    Entry{Status::not_implemented, "Not Implemented", "The request asks for what is not offered."},
    Entry{Status::bad_gateway, "Bad Gateway", "The server behind this one gave no valid answer."},
    Entry{Status::unavailable, "Service Unavailable", "The service is not available now."},
    Entry{
        Status::gateway_timeout,
        "Gateway Timeout",
        "The server behind this one did not answer in time."},
    Entry{
        Status::version_not_supported,
        "HTTP Version Not Supported",
        "HTTP/1.0 and HTTP/1.1 are spoken here."},
};

const Entry& entry(Status status) noexcept {
    for (const Entry& candidate : entries) {
        if (candidate.status == status) {
            return candidate;
        }
    }
    return entries.front();
}

void append_final(std::string& out, std::string_view text, ErrorOptions options) {
    out += "Date: ";
    out += http_date(std::time(nullptr));
    out += "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ";
    out += std::to_string(text.size());
    out += "\r\nCache-Control: no-store\r\n";
    out += options.keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
    if (!options.head_request) {
        out += text;
    }
}

}  // namespace

std::string_view reason_phrase(Status status) noexcept { return entry(status).reason; }

std::string_view refusal_reason(Status status) noexcept {
    switch (status) {
        case Status::request_timeout:
            return "request head timed out";
        case Status::fields_too_large:
        case Status::uri_too_long:
            return "request head too large";
        case Status::content_too_large:
            return "request content too large";
        case Status::not_found:
            return "no route covers the request";
        case Status::misdirected:
            return "the host has another certificate than the connection";
        case Status::not_implemented:
            return "method or coding not offered";
        case Status::version_not_supported:
            return "HTTP version not supported";
        default:
            return "malformed request";
    }
}

std::string http_date(std::time_t when) {
    // Names by hand: strftime would follow the locale.
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    gmtime_r(&when, &parts);
    std::array<char, 64> text{};
    const int length = std::snprintf(
        text.data(),
        text.size(),
        "%s, %02d %s %04d %02d:%02d:%02d GMT",
        days.at(static_cast<std::size_t>(parts.tm_wday)),
        parts.tm_mday,
        months.at(static_cast<std::size_t>(parts.tm_mon)),
        parts.tm_year + 1900,
        parts.tm_hour,
        parts.tm_min,
        parts.tm_sec
    );
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string error_page(Status status) {
    const Entry& page = entry(status);
    std::string text = std::to_string(static_cast<unsigned>(page.status)) + ' ';
    text += page.reason;
    text += "\n";
    text += page.text;
    text += "\n";
    return text;
}

void append_error(std::string& out, Status status, ErrorOptions options) {
    const Entry& page = entry(status);
    out += "HTTP/1.1 " + std::to_string(static_cast<unsigned>(page.status)) + ' ';
    out += page.reason;
    out += "\r\n";
    append_final(out, error_page(status), options);
}

void append_plain_http_error(std::string& out) {
    out += "HTTP/1.1 400 Bad Request\r\n";
    append_final(out, "400 Bad Request\nThis port speaks HTTPS: use https:// here.\n", {});
}

void append_redirect(std::string& out, std::string_view location, bool head_request) {
    out += "HTTP/1.1 308 Permanent Redirect\r\nLocation: ";
    out += location;
    out += "\r\n";
    append_final(out, "308 Permanent Redirect\n", {head_request, false});
}

}  // namespace hsmfront::http
