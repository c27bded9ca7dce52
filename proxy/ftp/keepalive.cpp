#include "proxy/ftp/keepalive.hpp"

#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace hsmfront::ftp {
namespace {

struct Option {
    int level;
    int name;
    int value;
};
constexpr std::array<Option, 4> options{{
    {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, 60},
    {IPPROTO_TCP, TCP_KEEPINTVL, 20},
    {IPPROTO_TCP, TCP_KEEPCNT, 4},
}};

}  // namespace

void set_keepalive(net::Socket& socket) {
    for (const Option& option : options) {
        // A connection that the peer already reset fails here; the first read tells.
        static_cast<void>(::setsockopt(
            socket.native_handle(), option.level, option.name, &option.value, sizeof option.value
        ));
    }
}

}  // namespace hsmfront::ftp
