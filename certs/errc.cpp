#include "certs/errc.hpp"

#include "config/error_category.hpp"

#include <array>

namespace hsmfront::certs {

const boost::system::error_category& error_category() noexcept {
    static constexpr std::array texts{
        "PKCS#11 module cannot be loaded",
        "token not found",
        "token unavailable",
        "PIN missing",
        "PIN incorrect",
        "PIN locked",
        "login failed",
        "key not found",
        "more than one key of that alias",
        "key type not supported",
        "certificate and key do not belong together",
        "file cannot be read",
        "file malformed",
        "too many signatures waiting",
        "signature missed its deadline",
        "token refused the signature",
        "PKCS#11 session lost",
        "signer pool is stopping",
    };
    static const ErrorCategory category("hsmfront.certs", texts);
    return category;
}

}  // namespace hsmfront::certs
