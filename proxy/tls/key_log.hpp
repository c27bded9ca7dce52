// Session keys for those who look at recorded connections: builds for debugging only.
#pragma once

#include <openssl/ssl.h>

namespace hsmfront::tls {

/// In builds without NDEBUG, appends the secrets of each session of `ctx` to the file that the
/// environment variable SSLKEYLOGFILE names, in NSS's format. Others have no such code.
void log_session_keys(SSL_CTX* ctx);

}  // namespace hsmfront::tls
