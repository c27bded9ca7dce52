// The thread's OpenSSL error queue as text.
#pragma once

#include <string>

namespace hsmfront::tls {

/// Empties the error queue and returns its reasons, innermost first, joined by ": ". Empty if there
/// was none. Every failed call must be followed by this: what stays in the queue belongs to the
/// thread and would be taken for the next connection's failure (SSL_get_error(3)).
[[nodiscard]] std::string drain_errors();

}  // namespace hsmfront::tls
