// PKCS#11 return values as error codes, and what each class of them calls for.
#pragma once

#include "config/result.hpp"

#include <p11-kit/pkcs11.h>

#include <string>

namespace hsmfront::certs {

const boost::system::error_category& ckr_category() noexcept;

/// `value` as an error code; CKR_OK gives none. message(): "CKR_DEVICE_ERROR (0x30)".
[[nodiscard]] error_code ckr_error(CK_RV value) noexcept;

/// True if `error` is exactly the PKCS#11 value `value`.
[[nodiscard]] bool is_ckr(const error_code& error, CK_RV value) noexcept;

enum class CkrClass {
    ok,
    request,     ///< this signature cannot be made; the next one may well
    session,     ///< drop the session, open another, try once more
    login,       ///< log in again (once for all), find the key again, try once more
    generation,  ///< the token or the module is gone: reload the module
    pin,         ///< an operator must act; the PIN is never sent again
};

/// Class of an error; codes of other categories count as `request`. Vendor codes
/// (CKR_VENDOR_DEFINED) count as `generation`: modules of network HSMs use them for lost links.
[[nodiscard]] CkrClass ckr_class(const error_code& error) noexcept;

}  // namespace hsmfront::certs
