#include "proxy/net/tcp_stream.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace hsmfront::net {

Attempt TcpStream::try_read(std::span<char> buffer) {
    if (io_.interrupted()) {
        return {Attempt::State::failed, 0, io_.interrupted()};
    }
    return io_.receive(buffer);
}

Attempt TcpStream::try_write(std::span<const char> bytes) {
    if (io_.interrupted()) {
        return {Attempt::State::failed, 0, io_.interrupted()};
    }
    return io_.send(bytes);
}

bool TcpStream::silent() noexcept {
    char byte = 0;
    return ::recv(io_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

Task<error_code> TcpStream::wait(Direction direction) { return io_.wait(direction); }

Task<error_code> TcpStream::shutdown_send() { co_return io_.shutdown_send(); }

tcp::endpoint TcpStream::peer() const { return io_.peer(); }

tcp::endpoint TcpStream::local() const { return io_.local(); }

}  // namespace hsmfront::net
