#include "proxy/net/errc.hpp"

#include "config/error_category.hpp"

#include <array>

namespace hsmfront::net {

const boost::system::error_category& error_category() noexcept {
    static constexpr std::array texts{
        "closed by the peer",
        "TLS connection cut without close_notify",
        "timed out",
        "proxy is stopping",
        "refused by a limit",
        "longer than the limit",
        "protocol violation",
        "no free port in the passive range",
        "data connection from another address",
        "TLS failure",
    };
    static const ErrorCategory category("hsmfront.net", texts);
    return category;
}

}  // namespace hsmfront::net
