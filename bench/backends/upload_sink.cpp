// An HTTP/1.1 server for uploads: upload_sink PORT
//
// Takes the content of each request (with a Content-Length), throws it away and answers 204. A
// thread for each connection and large reads, so that it costs little and the proxy has the
// machine; servers that answer before they have read the content would end the upload instead.
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <netinet/tcp.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {

constexpr std::string_view answer = "HTTP/1.1 204 No Content\r\n\r\n";

/// Of the head of a request; nothing if it has no Content-Length.
std::optional<std::uint64_t> content_length(std::string head) {
    for (char& letter : head) {
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
    constexpr std::string_view name = "\r\ncontent-length:";
    const auto at = head.find(name);
    if (at == std::string::npos) {
        return std::nullopt;
    }
    const auto digits = head.find_first_not_of(' ', at + name.size());
    std::uint64_t length = 0;
    std::from_chars(head.data() + digits, head.data() + head.size(), length);
    return length;
}

/// Answers requests until the client closes the connection.
void serve(int connection) {
    std::array<char, 256UL * 1024> buffer{};
    std::string head;
    std::uint64_t left = 0;
    for (;;) {
        const ssize_t n = ::recv(connection, buffer.data(), buffer.size(), 0);
        if (n <= 0) {
            break;
        }
        auto bytes = static_cast<std::uint64_t>(n);
        if (left == 0) {
            head.append(buffer.data(), bytes);
            const auto end = head.find("\r\n\r\n");
            if (end == std::string::npos) {
                continue;
            }
            left = content_length(head.substr(0, end + 2)).value_or(0);
            bytes = head.size() - end - 4;
            head.clear();
        }
        left -= std::min(left, bytes);
        if (left == 0 && ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) {
            break;
        }
    }
    ::close(connection);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: upload_sink PORT\n";
        return 2;
    }
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[1])));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener, 128) != 0) {
        std::perror("upload_sink");
        return 1;
    }
    for (;;) {
        const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection >= 0) {
            std::thread(serve, connection).detach();
        }
    }
}
