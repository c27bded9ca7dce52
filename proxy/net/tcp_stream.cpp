#include "proxy/net/tcp_stream.hpp"

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

Task<error_code> TcpStream::wait(Direction direction) { return io_.wait(direction); }

Task<error_code> TcpStream::shutdown_send() { co_return io_.shutdown_send(); }

tcp::endpoint TcpStream::peer() const { return io_.peer(); }

tcp::endpoint TcpStream::local() const { return io_.local(); }

}  // namespace hsmfront::net
