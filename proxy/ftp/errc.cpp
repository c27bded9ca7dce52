#include "proxy/ftp/errc.hpp"

#include "config/error_category.hpp"

namespace hsmfront::ftp {

const boost::system::error_category& error_category() noexcept {
    static constexpr const char* texts[] = {
        "line feed without carriage return",
        "carriage return without line feed",
        "NUL byte in a command",
        "line too long",
        "not an FTP reply",
        "multi-line reply changed its code",
        "reply with another behind a bare CR or LF",
        "reply too long",
        "not an address and port",
        "unknown network protocol",
    };
    static constexpr ErrorCategory category{"hsmfront.ftp", texts};
    return category;
}

}  // namespace hsmfront::ftp
