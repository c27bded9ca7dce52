// Checks a signature with the public half, as the client will.
#pragma once

#include "certs/handle.hpp"
#include "certs/signature.hpp"

namespace hsmfront::certs {

/// True if `signature` answers `request` under `key`. Leaves no error in OpenSSL's queue.
[[nodiscard]] bool verify_signature(
    EVP_PKEY* key, const SignRequest& request, const Signature& signature
);

}  // namespace hsmfront::certs
