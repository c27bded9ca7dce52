#include "bench/clients/http1_connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace hsmfront::bench {
namespace {

constexpr std::size_t piece = 64UL * 1024;

/// Shared by all connections: what is read is counted and thrown away.
std::array<char, piece> buffer;
const std::string content(piece, 'u');

std::string head_of(const Request& request) {
    std::string head = request.upload == 0 ? "GET " : "PUT ";
    head += request.path + " HTTP/1.1\r\nHost: " + request.authority +
            "\r\nUser-Agent: https_load\r\nAccept: */*\r\n";
    if (request.upload != 0) {
        head += "Content-Length: " + std::to_string(request.upload) + "\r\n";
    }
    return head + "\r\n";
}

/// Value of a field of `head`, whose name is given in lower case; "" if it is not there.
std::string field(std::string head, std::string_view name) {
    std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    const std::string wanted = "\r\n" + std::string(name) + ":";
    const auto at = head.find(wanted);
    if (at == std::string::npos) {
        return "";
    }
    const auto begin = head.find_first_not_of(' ', at + wanted.size());
    return head.substr(begin, head.find('\r', begin) - begin);
}

}  // namespace

Http1Connection::Http1Connection(
    SSL_CTX* ctx, const Endpoint& to, int number, const Request& request, RequestObserver& observer
)
    : RequestConnection(ctx, to, number, observer),
      head_out_(head_of(request)),
      upload_(request.upload) {}

void Http1Connection::start(Clock::time_point since) {
    since_ = since;
    busy_ = true;
    head_sent_ = 0;
    body_left_out_ = upload_;
    send();
}

void Http1Connection::advance() {
    while (send() | receive()) {
    }
}

/// True if bytes went out.
bool Http1Connection::send() {
    std::string_view rest = std::string_view(head_out_).substr(head_sent_);
    const bool in_head = !rest.empty();
    if (!in_head) {
        rest = std::string_view(content).substr(0, std::min<std::uint64_t>(piece, body_left_out_));
    }
    if (!busy_ || rest.empty()) {
        return false;
    }
    const int n = tls_.write(rest);
    if (n < 0) {
        fail("while a request was sent: " + tls_.failure());
    }
    const auto sent = static_cast<std::size_t>(std::max(n, 0));
    if (in_head) {
        head_sent_ += sent;
    } else {
        body_left_out_ -= sent;
        observer_.moved(sent);
    }
    return sent > 0;
}

/// True if bytes came in.
bool Http1Connection::receive() {
    const int n = tls_.read(buffer);
    if (n < 0) {
        fail("while an answer was awaited: " + tls_.failure());
    }
    if (n <= 0) {
        return false;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(n));
    if (in_body_) {
        chunked_ ? take_chunks(bytes) : take_body(bytes.size());
        return true;
    }
    head_in_ += bytes;
    return take_head();
}

/// False if the answer is none that can be understood.
bool Http1Connection::take_head() {
    const auto end = head_in_.find("\r\n\r\n");
    if (end == std::string::npos) {
        return true;
    }
    const std::string rest = head_in_.substr(end + 4);
    const std::string head = head_in_.substr(0, end + 2);
    head_in_.clear();
    if (!head.starts_with("HTTP/1.1 2")) {
        fail("answered with " + head.substr(0, head.find('\r')));
        return false;
    }
    const std::string length = field(head, "content-length");
    chunked_ = field(head, "transfer-encoding") == "chunked";
    if (length.empty() && !chunked_ && !head.starts_with("HTTP/1.1 204")) {
        fail("an answer has no length");
        return false;
    }
    body_left_ = 0;
    std::from_chars(length.data(), length.data() + length.size(), body_left_);
    in_body_ = true;
    tail_.clear();
    chunked_ ? take_chunks(rest) : take_body(rest.size());
    return true;
}

void Http1Connection::take_body(std::uint64_t bytes) {
    observer_.moved(bytes);
    body_left_ -= std::min(bytes, body_left_);
    if (body_left_ == 0) {
        in_body_ = false;
        busy_ = false;
        observer_.answered(*this, since_);
    }
}

/// With one request at a time, a chunked answer without trailers ends where "0 CRLF CRLF" is the
/// end of what has come (RFC 9112 §7.1).
void Http1Connection::take_chunks(std::string_view bytes) {
    constexpr std::string_view last = "\r\n0\r\n\r\n";
    tail_ += bytes.substr(bytes.size() - std::min(bytes.size(), last.size()));
    tail_.erase(0, tail_.size() - std::min(tail_.size(), last.size()));
    if (tail_ == last || tail_ == last.substr(2)) {
        chunked_ = false;
        body_left_ = 0;
    }
    chunked_ ? observer_.moved(bytes.size()) : take_body(bytes.size());
}

}  // namespace hsmfront::bench
