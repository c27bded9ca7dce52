// Public keys as OpenSSL keys, from the numbers a token gives.
#pragma once

#include "certs/handle.hpp"
#include "certs/signature.hpp"

namespace hsmfront::certs {

/// Each gives an empty pointer for what is no key, and leaves no error in OpenSSL's queue.
[[nodiscard]] EvpPkeyPtr rsa_public_key(Bytes modulus, Bytes exponent);

/// `params` is CKA_EC_PARAMS: the curve's OID or its name as PrintableString (PKCS#11 3.0 §2.3.3).
/// `point` is CKA_EC_POINT: a DER OCTET STRING, or, from tokens that do without, the point itself.
[[nodiscard]] EvpPkeyPtr ec_public_key(Bytes params, Bytes point);
[[nodiscard]] EvpPkeyPtr ed25519_public_key(Bytes point);

}  // namespace hsmfront::certs
