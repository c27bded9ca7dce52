// Certificate requests (PKCS#10) for keys that only sign.
#pragma once

#include "certs/chain.hpp"
#include "certs/requested_names.hpp"
#include "certs/signature.hpp"

#include <functional>
#include <string>
#include <vector>

namespace hsmfront::certs {

using SignFunction = std::function<Result<Signature>(const SignRequest&)>;

struct RequestContent {
    Subject subject;
    std::vector<std::string> names;  ///< as parse_names gives them
    EVP_PKEY* key = nullptr;         ///< public half
    KeyType type = KeyType::rsa;
};

/// A request as PEM, signed by `sign` (RSA: PKCS#1 with SHA-256; EC: with the digest of the curve's
/// size; Ed25519) and verified afterwards. Errc: file_malformed (OpenSSL refuses a part of the
/// subject), signature_failed.
[[nodiscard]] Loaded<std::string> make_request(
    const RequestContent& content, const SignFunction& sign
);

}  // namespace hsmfront::certs
