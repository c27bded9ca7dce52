// Text of OpenSSL's pending errors.
#pragma once

#include <string>

namespace hsmfront::certs {

/// The oldest error of this thread's queue in words ("unknown reason" when there is none), with the
/// queue emptied: what stays in it would be taken for the failure of a later call (SSL_get_error).
[[nodiscard]] std::string drain_openssl_reason();

}  // namespace hsmfront::certs
