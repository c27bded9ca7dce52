#include "proxy/tls/openssl_error.hpp"

#include <openssl/err.h>

namespace hsmfront::tls {

OpensslErrors take_errors() {
    OpensslErrors taken;
    while (const unsigned long error = ERR_get_error()) {
        const char* words = ERR_reason_error_string(error);
        if (!taken.words.empty()) {
            taken.words += ": ";
        }
        taken.words += words != nullptr ? std::string(words) : "error " + std::to_string(error);
        if (taken.reason == 0 && ERR_GET_LIB(error) == ERR_LIB_SSL) {
            taken.reason = ERR_GET_REASON(error);
        }
    }
    return taken;
}

void clear_errors() noexcept {
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
}

std::string drain_errors() { return take_errors().words; }

}  // namespace hsmfront::tls
