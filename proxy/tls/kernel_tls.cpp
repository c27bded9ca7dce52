#include "proxy/tls/kernel_tls.hpp"

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hsmfront::tls {

bool kernel_has_tls() noexcept {
    static const bool has = [] {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        constexpr char name[] = "tls";
        // Known, but not for a socket without a connection: ENOTCONN. Not known: ENOENT.
        const bool known =
            ::setsockopt(fd, IPPROTO_TCP, TCP_ULP, name, sizeof name) == 0 || errno == ENOTCONN;
        ::close(fd);
        return known;
    }();
    return has;
}

}  // namespace hsmfront::tls
