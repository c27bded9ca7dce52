// KeySpec: the kinds of key that can be asked for, and what a key is called.
#pragma once

#include "certs/handle.hpp"
#include "certs/signature.hpp"

#include <p11-kit/pkcs11.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hsmfront::certs {

struct KeySpec {
    std::string_view name;  ///< "rsa:3072", "ec:P-256", "ed25519"
    KeyType type;
    CK_ULONG bits;                ///< RSA: of the modulus; EC: of the curve
    CK_MECHANISM_TYPE generator;  ///< CKM_EC_KEY_PAIR_GEN, …
    Bytes curve;                  ///< CKA_EC_PARAMS, empty for RSA
};

[[nodiscard]] std::span<const KeySpec> key_specs() noexcept;

/// The spec of that name, in any case; "ec:prime256v1" and "ec:secp384r1" too. Null: unknown.
[[nodiscard]] const KeySpec* find_key_spec(std::string_view name) noexcept;

/// "RSA 3072", "EC P-256", "Ed25519".
[[nodiscard]] std::string describe_key(EVP_PKEY* key);

}  // namespace hsmfront::certs
