// Errors of keys, tokens and certificates.
#pragma once

#include "config/result.hpp"

namespace hsmfront::certs {

enum class Errc {
    module_not_loadable = 1,  ///< the PKCS#11 library is missing, unreadable or not one
    token_not_found,          ///< no slot holds a token of that label or URI
    token_unavailable,        ///< the token was there and is gone; it is being looked for
    pin_missing,              ///< none configured and none typed in time
    pin_incorrect,            ///< CKR_PIN_INCORRECT; never sent again by itself
    pin_locked,               ///< CKR_PIN_LOCKED
    login_failed,             ///< any other failure of C_Login
    key_not_found,            ///< no private key under the alias
    key_ambiguous,            ///< more than one private key under the alias
    key_unsupported,          ///< a key type or curve that TLS here does not use
    key_mismatch,             ///< certificate and key do not belong together
    file_unreadable,          ///< a key, certificate or PIN file cannot be opened
    file_malformed,           ///< it opens, but does not hold what it should
    queue_full,               ///< hsm.queue_limit signatures are waiting already
    timed_out,                ///< the signature missed its deadline
    signature_failed,         ///< the token refused this signature
    session_lost,             ///< session or object handle went stale; retried on a new one
    stopped,                  ///< the signer pool is shutting down
};

const boost::system::error_category& error_category() noexcept;

inline error_code make_error_code(Errc e) noexcept {
    return {static_cast<int>(e), error_category()};
}

}  // namespace hsmfront::certs

template <>
struct boost::system::is_error_code_enum<hsmfront::certs::Errc> : std::true_type {};
