#include "proxy/tls/openssl_error.hpp"

#include <openssl/err.h>

namespace hsmfront::tls {

std::string drain_errors() {
    std::string text;
    while (const unsigned long error = ERR_get_error()) {
        const char* reason = ERR_reason_error_string(error);
        if (!text.empty()) {
            text += ": ";
        }
        text += reason != nullptr ? std::string(reason) : "error " + std::to_string(error);
    }
    return text;
}

}  // namespace hsmfront::tls
