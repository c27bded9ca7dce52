// FullPort: a port of 127.0.0.1 that answers no connection request: its backlog is full.
#pragma once

#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace hsmfront::net::test {

class FullPort {
  public:
    FullPort() {
        socklen_t size = sizeof address_;
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::bind(listener_, address(), size) != 0 || ::listen(listener_, 0) != 0 ||
            ::getsockname(listener_, address(), &size) != 0) {
            throw std::runtime_error("cannot listen");
        }
        for (const int client : clients_) {
            ::connect(client, address(), size);  // those that the backlog takes, and one more
        }
    }

    ~FullPort() {
        ::close(listener_);
        for (const int client : clients_) {
            ::close(client);
        }
    }
    FullPort(const FullPort&) = delete;
    FullPort& operator=(const FullPort&) = delete;

    [[nodiscard]] std::uint16_t number() const { return ntohs(address_.sin_port); }

  private:
    static int open() { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }
    sockaddr* address() { return reinterpret_cast<sockaddr*>(&address_); }

    int listener_ = open();
    std::array<int, 4> clients_{open(), open(), open(), open()};
    sockaddr_in address_{};
};

}  // namespace hsmfront::net::test
