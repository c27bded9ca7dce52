#include "proxy/runtime/inherited_sockets.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace hsmfront::runtime {
namespace {

constexpr int first_of_service_manager = 3;  // SD_LISTEN_FDS_START

std::string words(const net::tcp::endpoint& endpoint) {
    std::string text = endpoint.address().to_string();
    text = endpoint.address().is_v6() ? "[" + text + "]" : text;
    return text + ":" + std::to_string(endpoint.port());
}

/// Empty: it is bound to nothing that we know.
std::string address_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
        return {};
    }
    if (storage.ss_family == AF_UNIX) {
        const char* const path = reinterpret_cast<const sockaddr_un*>(&storage)->sun_path;
        return {path, ::strnlen(path, size - offsetof(sockaddr_un, sun_path))};
    }
    if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6) {
        return {};
    }
    net::tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), &storage, size);
    endpoint.resize(size);
    return words(endpoint);
}

std::optional<int> number(const char* text) {
    const std::string_view digits = text == nullptr ? "" : text;
    int value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = error == std::errc{} && stop == digits.data() + digits.size();
    return whole && value >= 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

InheritedSockets::InheritedSockets(std::vector<net::Descriptor> sockets) {
    for (auto& socket : sockets) {
        std::string address = address_of(socket.get());
        sockets_.push_back({std::move(address), std::move(socket)});
    }
}

std::vector<net::Descriptor> InheritedSockets::of_service_manager() {
    std::vector<net::Descriptor> sockets;
    const auto whose = number(std::getenv("LISTEN_PID"));
    if (whose == ::getpid()) {
        const int count = number(std::getenv("LISTEN_FDS")).value_or(0);
        for (int i = 0; i < count; ++i) {
            const int fd = first_of_service_manager + i;
            if (::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) {
                sockets.emplace_back(fd);
            }
        }
    }
    for (const char* const name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) {
        ::unsetenv(name);
    }
    return sockets;
}

std::vector<net::Descriptor> InheritedSockets::take(const std::string& address) {
    std::vector<net::Descriptor> taken;
    std::erase_if(sockets_, [&](Socket& one) {
        const bool wanted = !address.empty() && one.address == address;
        if (wanted) {
            taken.push_back(std::move(one.descriptor));
        }
        return wanted;
    });
    return taken;
}

std::vector<net::Descriptor> InheritedSockets::take(const net::tcp::endpoint& endpoint) {
    return take(words(endpoint));
}

net::Descriptor InheritedSockets::take(const std::filesystem::path& path) {
    auto taken = take(path.string());
    return taken.empty() ? net::Descriptor() : std::move(taken.front());
}

std::vector<std::string> InheritedSockets::close_rest() {
    std::vector<std::string> addresses;
    for (const auto& socket : std::exchange(sockets_, {})) {
        addresses.push_back(socket.address.empty() ? "no address" : socket.address);
    }
    return addresses;
}

}  // namespace hsmfront::runtime
