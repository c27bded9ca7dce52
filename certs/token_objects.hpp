// Objects in a token: private keys by alias, their public halves, certificates.
#pragma once

#include "certs/chain.hpp"
#include "certs/session.hpp"
#include "certs/signature.hpp"

#include <string>

namespace hsmfront::certs {

/// The private key whose CKA_LABEL is `alias`. Errors: Errc::key_not_found, Errc::key_ambiguous,
/// the token's value.
[[nodiscard]] Result<CK_OBJECT_HANDLE> find_private_key(
    const Session& session, const std::string& alias
);

/// CKA_KEY_TYPE. Errors: Errc::key_unsupported, the token's value.
[[nodiscard]] Result<KeyType> key_type(const Session& session, CK_OBJECT_HANDLE key);

/// The public half of private key `key`: from the public key object with its CKA_ID (else with its
/// label), from the certificate likewise, or from the private key's own attributes. An empty
/// pointer when the token has none of them. Errors: the token's value.
[[nodiscard]] Result<EvpPkeyPtr> find_public_half(
    const Session& session, CK_OBJECT_HANDLE key, const std::string& alias, KeyType type
);

/// Certificates (X.509) whose CKA_LABEL is `alias`, unordered.
[[nodiscard]] Result<std::vector<X509Ptr>> find_certificates(
    const Session& session, const std::string& alias
);

}  // namespace hsmfront::certs
