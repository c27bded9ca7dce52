// The thread's OpenSSL error queue as text.
#pragma once

#include <string>

namespace hsmfront::tls {

struct OpensslErrors {
    std::string words;  ///< innermost first, joined by ": "; empty if there was none
    int reason = 0;     ///< ERR_GET_REASON of the first that is of the SSL library; 0: none
};

/// Empties the error queue. Every failed call must be followed by this or drain_errors(): what
/// stays in the queue belongs to the thread and would be taken for the next connection's failure
/// (SSL_get_error(3)).
[[nodiscard]] OpensslErrors take_errors();

/// To be called before SSL_read() and its like. Cheaper than ERR_clear_error(3) where there are
/// none.
void clear_errors() noexcept;

/// The words alone.
[[nodiscard]] std::string drain_errors();

}  // namespace hsmfront::tls
