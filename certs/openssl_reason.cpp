#include "certs/openssl_reason.hpp"

#include <openssl/err.h>

namespace hsmfront::certs {

std::string drain_openssl_reason() {
    const unsigned long code = ERR_peek_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    std::string text = reason != nullptr ? reason : "unknown reason";
    ERR_clear_error();
    return text;
}

}  // namespace hsmfront::certs
