#include "tests/harness/http_message.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>

namespace hsmfront::test {
namespace {

using namespace std::string_view_literals;

/// The message can never become a valid one.
class Fault : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Not all of the message is there.
class Incomplete {};

void demand(bool holds, const std::string& rule) {
    if (!holds) {
        throw Fault(rule);
    }
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 ||
               "!#$%&'*+-.^_`|~"sv.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool is_number(std::string_view text, bool hexadecimal) {
    return !text.empty() && text.size() <= 19 &&
           std::all_of(text.begin(), text.end(), [&](unsigned char c) {
               return (hexadecimal ? std::isxdigit(c) : std::isdigit(c)) != 0;
           });
}

/// Reads one message from the front of its bytes.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    HttpMessage head() {
        HttpMessage message;
        message.start = line();
        for (std::string text = line(); !text.empty(); text = line()) {
            const auto colon = text.find(':');
            demand(colon != text.npos && is_name(text.substr(0, colon)), "field line: " + text);
            const auto begin = std::min(text.find_first_not_of(" \t", colon + 1), text.size());
            message.fields.emplace_back(text.substr(0, colon), text.substr(begin));
        }
        return message;
    }

    HttpMessage request() {
        HttpMessage message = head();
        const auto words = std::count(message.start.begin(), message.start.end(), ' ');
        demand(words == 2 && message.start.ends_with(" HTTP/1.1"), "request line");
        demand(is_name(message.method()) && !message.target().empty(), "method and target");
        const std::string host = message.field("Host");
        demand(!host.empty() && host.find(" | ") == host.npos, "exactly one Host");
        framed_body(message);
        return message;
    }

    HttpMessage response(std::string_view method) {
        HttpMessage message = head();
        const int status = message.status();
        demand(status >= 100 && status < 600, "status line");
        const bool framed = status >= 200 && status != 204 && status != 304 && method != "HEAD";
        if (framed && !framed_body(message)) {
            message.body = take(rest_.size());
        }
        return message;
    }

    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string line() {
        const auto end = rest_.find_first_of("\r\n\0"sv);
        const std::string_view seen = rest_.substr(0, end);
        demand(
            std::all_of(
                seen.begin(),
                seen.end(),
                [](unsigned char c) { return c == '\t' || (c >= ' ' && c != 0x7f); }
            ),
            "control character"
        );
        if (end == rest_.npos || (rest_[end] == '\r' && end + 1 == rest_.size())) {
            throw Incomplete();
        }
        demand(rest_.substr(end, 2) == "\r\n", "a line ends in CRLF");
        rest_.remove_prefix(end + 2);
        return std::string(seen);
    }

    std::string take(std::size_t count) {
        if (rest_.size() < count) {
            throw Incomplete();
        }
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return std::string(taken);
    }

    /// False if nothing frames a body.
    bool framed_body(HttpMessage& message) {
        const std::string length = message.field("Content-Length");
        const std::string coding = message.field("Transfer-Encoding");
        demand(length.empty() || coding.empty(), "one framing");
        if (!coding.empty()) {
            demand(coding == "chunked", "coding: " + coding);
            chunked_body(message);
            return true;
        }
        if (length.empty()) {
            return false;
        }
        demand(is_number(length, false), "length: " + length);
        message.body = take(std::stoull(length));
        return true;
    }

    void chunked_body(HttpMessage& message) {
        for (;;) {
            const std::string size = line();
            demand(is_number(size, true), "chunk size: " + size);
            const std::size_t count = std::stoull(size, nullptr, 16);
            if (count == 0) {
                break;
            }
            message.body += take(count);
            demand("\r\n"sv.starts_with(rest_.substr(0, 2)), "chunk end");
            take(2);
        }
        for (std::string text = line(); !text.empty(); text = line()) {
            demand(is_name(text.substr(0, text.find(':'))), "trailer: " + text);
            message.trailers += text + "\r\n";
        }
    }

    std::string_view rest_;
};

template <class ReadOne>
Reading read_all(std::string_view bytes, ReadOne read_one) {
    Reading reading;
    while (!bytes.empty()) {
        Reader reader(bytes);
        try {
            reading.messages.push_back(read_one(reader));
        } catch (const Incomplete&) {
            break;
        } catch (const Fault& fault) {
            reading.fault = fault.what();
            break;
        }
        bytes = reader.rest();
    }
    reading.rest = bytes;
    return reading;
}

}  // namespace

std::string HttpMessage::field(std::string_view name) const {
    std::optional<std::string> values;
    for (const auto& [known, value] : fields) {
        if (same_name(known, name)) {
            values = values ? *values + " | " + value : value;
        }
    }
    return values.value_or("");
}

std::string HttpMessage::target() const {
    const auto begin = start.find(' ') + 1;
    return start.substr(begin, start.rfind(' ') - begin);
}

int HttpMessage::status() const {
    const bool shaped = start.starts_with("HTTP/1.1 ") && start.size() >= 13 && start[12] == ' ';
    const std::string code = start.substr(std::min<std::size_t>(9, start.size()), 3);
    return shaped && is_number(code, false) ? std::stoi(code) : 0;
}

HttpMessage read_head(std::string_view bytes) {
    const Reading reading = read_all(bytes, [](Reader& reader) { return reader.head(); });
    return reading.messages.empty() ? HttpMessage() : reading.messages.front();
}

Reading read_requests(std::string_view bytes) {
    return read_all(bytes, [](Reader& reader) { return reader.request(); });
}

Reading read_responses(std::string_view bytes, const std::vector<std::string>& methods) {
    std::size_t answered = 0;
    return read_all(bytes, [&](Reader& reader) {
        HttpMessage message =
            reader.response(answered < methods.size() ? methods[answered] : "GET");
        answered += message.status() >= 200 ? 1U : 0U;
        return message;
    });
}

}  // namespace hsmfront::test
