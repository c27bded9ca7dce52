// Port blocks are claimed through abstract Unix sockets: the name is free again when the process
// ends, however it ends, and leaves no file.
#include "tests/harness/ports.hpp"

#include <cstring>
#include <netinet/in.h>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hsmfront::test {
namespace {

constexpr std::uint16_t lowest = 12000;
constexpr std::uint16_t highest = 32000;

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool claim(int fd, std::uint16_t first) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "hsmfront-test-ports-" + std::to_string(first);
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0;
}

bool can_bind(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    const sockaddr_in address = loopback(port);
    const bool bound =
        ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(fd);
    return bound;
}

}  // namespace

PortBlock::PortBlock() {
    constexpr unsigned blocks = (highest - lowest) / size;
    const unsigned start = std::random_device{}() % blocks;
    for (unsigned i = 0; i < blocks; ++i) {
        const auto first = static_cast<std::uint16_t>(lowest + (start + i) % blocks * size);
        lock_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (claim(lock_, first)) {
            first_ = first;
            return;
        }
        ::close(lock_);
    }
    throw std::runtime_error("no block of ports is free");
}

PortBlock::~PortBlock() { ::close(lock_); }

std::uint16_t PortBlock::next() {
    while (used_ < size / 2) {
        const auto port = static_cast<std::uint16_t>(first_ + used_++);
        if (can_bind(port)) {
            return port;
        }
    }
    throw std::runtime_error("the block of ports is used up");
}

bool listens(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port);
    const bool accepted =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    ::close(fd);
    return accepted;
}

}  // namespace hsmfront::test
