#include "proxy/http/access_record.hpp"

#include "proxy/log/json.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace hsmfront::http {

namespace {

using Milliseconds = AccessRecord::Milliseconds;

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_hex(std::string& out, unsigned char c) {
    out += hex_digits[c >> 4U];
    out += hex_digits[c & 0xfU];
}

/// Names of months by hand: strftime would follow the locale.
constexpr std::array months{
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct LocalTime {
    std::tm parts{};
    char sign = '+';
    int hours = 0;  ///< of the offset from UTC
    int minutes = 0;
    int milliseconds = 0;
};

LocalTime local_time(std::chrono::system_clock::time_point when) {
    const auto since = std::chrono::floor<Milliseconds>(when.time_since_epoch());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    const std::time_t clock = seconds.count();
    LocalTime time;
    localtime_r(&clock, &time.parts);
    time.milliseconds = static_cast<int>((since - seconds).count());
    const long offset = time.parts.tm_gmtoff;
    const auto minutes = static_cast<int>((offset < 0 ? -offset : offset) / 60);
    time.sign = offset < 0 ? '-' : '+';
    time.hours = minutes / 60;
    time.minutes = minutes % 60;
    return time;
}

/// "[24/Nov/2026:19:02:28 +0100]"
void append_clf_time(std::string& out, std::chrono::system_clock::time_point when) {
    const LocalTime time = local_time(when);
    std::array<char, 80> text{};
    const int length = std::snprintf(
        text.data(),
        text.size(),
        "[%02d/%s/%04d:%02d:%02d:%02d %c%02d%02d]",
        time.parts.tm_mday,
        months.at(static_cast<std::size_t>(time.parts.tm_mon)),
        time.parts.tm_year + 1900,
        time.parts.tm_hour,
        time.parts.tm_min,
        time.parts.tm_sec,
        time.sign,
        time.hours,
        time.minutes
    );
    out.append(text.data(), static_cast<std::size_t>(length));
}

/// "2026-11-24T19:02:28.123+01:00" (RFC 3339).
void append_iso_time(std::string& out, std::chrono::system_clock::time_point when) {
    const LocalTime time = local_time(when);
    std::array<char, 80> text{};
    const int length = std::snprintf(
        text.data(),
        text.size(),
        "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d",
        time.parts.tm_year + 1900,
        time.parts.tm_mon + 1,
        time.parts.tm_mday,
        time.parts.tm_hour,
        time.parts.tm_min,
        time.parts.tm_sec,
        time.milliseconds,
        time.sign,
        time.hours,
        time.minutes
    );
    out.append(text.data(), static_cast<std::size_t>(length));
}

/// `text`, or "-". A word has no quotes around it, so blanks are escaped too.
enum class Place { word, quoted };

void append_escaped(std::string& out, std::string_view text, Place place) {
    if (text.empty()) {
        out += '-';
        return;
    }
    for (const char c : text) {
        const bool plain = c > ' ' && c < 0x7f && c != '"' && c != '\\';
        if (plain || (c == ' ' && place == Place::quoted)) {
            out += c;
        } else {
            out += "\\x";
            append_hex(out, static_cast<unsigned char>(c));
        }
    }
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    append_escaped(out, text, Place::quoted);
    out += '"';
}

void append_request_line(std::string& out, const AccessRecord& record) {
    if (record.method.empty()) {
        append_quoted(out, {});
        return;
    }
    out += '"';
    append_escaped(out, record.method, Place::word);
    out += ' ';
    append_escaped(out, record.target, Place::word);
    out += ' ';
    append_escaped(out, record.version, Place::word);
    out += '"';
}

void append_pair(std::string& out, std::string_view key, std::string_view value) {
    out += ' ';
    out += key;
    out += '=';
    append_escaped(out, value, Place::word);
}

void append_pair(std::string& out, std::string_view key, std::optional<Milliseconds> value) {
    append_pair(out, key, value ? std::to_string(value->count()) : std::string());
}

/// Writes the members of one JSON object.
class JsonObject {
  public:
    explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }

    void text(std::string_view name, std::string_view value) {
        if (!value.empty()) {
            key(name);
            log::append_json_string(out_, value);
        }
    }
    void number(std::string_view name, std::uint64_t value) {
        key(name);
        out_ += std::to_string(value);
    }
    void duration(std::string_view name, std::optional<Milliseconds> value) {
        if (value) {
            key(name);
            out_ += std::to_string(value->count());
        }
    }
    void truth(std::string_view name, bool value) {
        key(name);
        out_ += value ? "true" : "false";
    }
    void time(std::string_view name, std::chrono::system_clock::time_point value) {
        key(name);
        out_ += '"';
        append_iso_time(out_, value);
        out_ += '"';
    }
    void end() { out_ += '}'; }

  private:
    void key(std::string_view name) {
        out_ += first_ ? "\"" : ",\"";
        out_ += name;
        out_ += "\":";
        first_ = false;
    }

    std::string& out_;
    bool first_ = true;
};

}  // namespace

void append_text(std::string& out, const AccessRecord& record) {
    append_escaped(out, record.client, Place::word);
    out += " - ";
    append_escaped(out, record.user, Place::word);
    out += ' ';
    append_clf_time(out, record.begun);
    out += ' ';
    append_request_line(out, record);
    out += ' ' + (record.status == 0 ? std::string("-") : std::to_string(record.status));
    out += ' ' + std::to_string(record.sent) + ' ';
    append_quoted(out, record.referer);
    out += ' ';
    append_quoted(out, record.user_agent);
    append_pair(out, "host", record.host);
    append_pair(out, "session", std::to_string(record.session));
    append_pair(out, "port", std::to_string(record.client_port));
    append_pair(out, "received", std::to_string(record.received));
    append_pair(out, "handshake_ms", record.handshake);
    append_pair(out, "connect_ms", record.connect);
    append_pair(out, "first_byte_ms", record.first_byte);
    append_pair(out, "total_ms", record.total);
    append_pair(out, "tls", record.tls_version);
    append_pair(out, "cipher", record.cipher);
    append_pair(out, "resumed", record.resumed ? "true" : "false");
    append_pair(out, "alpn", record.alpn);
    append_pair(out, "backend", record.backend);
    out += " reason=";
    append_quoted(out, record.reason);
}

void append_json(std::string& out, const AccessRecord& record) {
    JsonObject object(out);
    object.time("time", record.begun);
    object.number("session", record.session);
    object.text("client", record.client);
    object.number("client_port", record.client_port);
    object.text("user", record.user);
    object.text("host", record.host);
    object.text("method", record.method);
    object.text("target", record.target);
    object.text("version", record.version);
    object.number("status", record.status);
    object.number("received", record.received);
    object.number("sent", record.sent);
    object.duration("handshake_ms", record.handshake);
    object.duration("connect_ms", record.connect);
    object.duration("first_byte_ms", record.first_byte);
    object.duration("total_ms", record.total);
    object.text("tls", record.tls_version);
    object.text("cipher", record.cipher);
    object.truth("resumed", record.resumed);
    object.text("alpn", record.alpn);
    object.text("backend", record.backend);
    object.text("reason", record.reason);
    object.text("referer", record.referer);
    object.text("user_agent", record.user_agent);
    object.end();
}

}  // namespace hsmfront::http
