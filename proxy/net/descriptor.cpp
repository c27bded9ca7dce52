#include "proxy/net/descriptor.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace hsmfront::net {

Result<Descriptor> Descriptor::duplicate_of(int fd) noexcept {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        return error_code(errno, boost::system::system_category());
    }
    return Descriptor(copy);
}

void Descriptor::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) {
        (void)::close(old);
    }
}

}  // namespace hsmfront::net
