#include "proxy/net/tcp_stream.hpp"

#include "proxy/net/errc.hpp"

#include <cerrno>
#include <sys/socket.h>

namespace hsmfront::net {
namespace {

Attempt failed(error_code error) { return {Attempt::State::failed, 0, error}; }

Attempt failed_by_errno(Attempt::State want) {
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR) {
        return {want, 0, {}};
    }
    return failed({error, boost::system::system_category()});
}

}  // namespace

Attempt TcpStream::try_read(std::span<char> buffer) {
    if (io_.interrupted()) {
        return failed(io_.interrupted());
    }
    const ssize_t n = ::recv(io_.fd(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
        return {Attempt::State::done, static_cast<std::size_t>(n), {}};
    }
    return n == 0 ? failed(Errc::eof) : failed_by_errno(Attempt::State::want_read);
}

Attempt TcpStream::try_write(std::span<const char> bytes) {
    if (io_.interrupted()) {
        return failed(io_.interrupted());
    }
    const ssize_t n = ::send(io_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
        return {Attempt::State::done, static_cast<std::size_t>(n), {}};
    }
    return failed_by_errno(Attempt::State::want_write);
}

Task<error_code> TcpStream::wait(Direction direction) { return io_.wait(direction); }

Task<error_code> TcpStream::shutdown_send() { co_return io_.shutdown_send(); }

tcp::endpoint TcpStream::peer() const { return io_.peer(); }

tcp::endpoint TcpStream::local() const { return io_.local(); }

}  // namespace hsmfront::net
