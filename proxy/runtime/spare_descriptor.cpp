#include "proxy/runtime/spare_descriptor.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace hsmfront::runtime {

SpareDescriptor::~SpareDescriptor() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

bool SpareDescriptor::turn_away(net::Listener& listener) {
    if (fd_ < 0) {
        refill();  // for the next time
        return false;
    }
    ::close(fd_);
    fd_ = -1;
    net::tcp::endpoint peer;
    Result<net::Socket> socket = listener.try_accept(peer);
    if (socket) {
        error_code ignored;
        socket->set_option(net::asio::socket_base::linger(true, 0), ignored);
        socket->close();
    }
    refill();
    return socket.has_value();
}

void SpareDescriptor::refill() { fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace hsmfront::runtime
