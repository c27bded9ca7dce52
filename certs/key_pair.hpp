// Key pairs made and deleted in a token.
#pragma once

#include "certs/admin_token.hpp"
#include "certs/key_spec.hpp"

#include <string>

namespace hsmfront::certs {

/// What a key's attributes say; an attribute that the token does not tell counts as the bad one.
struct KeyProtection {
    bool sensitive = false;
    bool extractable = true;
    bool never_extractable = false;
};

[[nodiscard]] KeyProtection protection_of(const Session& session, CK_OBJECT_HANDLE private_key);

/// An alias is also a file's name: not empty, at most 64 bytes, no '/', no control character, no
/// dot at its start. Errc: key_unsupported.
[[nodiscard]] Loaded<void> check_alias(const std::string& alias);

/// What the token holds under the label `alias`, in words ("a private key and a certificate");
/// empty if nothing. Errors: the token's value.
[[nodiscard]] Result<std::string> what_holds(const Session& session, const std::string& alias);

/// Whether the token can make such a key; the message lists what it can make.
/// Errc: key_unsupported, token_unavailable.
[[nodiscard]] Loaded<void> check_generation(
    const Module& module, const Token& token, const KeySpec& spec
);

/// Makes a key pair under `alias` that signs and does nothing else, is sensitive and cannot be
/// extracted; CKA_ID is the SHA-1 of the public key (RFC 5280 §4.2.1.2 method 1). Proves it by test
/// signatures and by reading its attributes back; a pair that fails is deleted again.
/// Blocks for as long as the token takes. Errc: key_unsupported, signature_failed and the token's
/// values.
[[nodiscard]] Loaded<std::shared_ptr<const TokenKey>> generate_key(
    const AdminToken& token, const std::string& alias, const KeySpec& spec
);

/// What delete_key removed.
struct Deleted {
    std::size_t private_keys = 0;
    std::size_t public_keys = 0;
    std::size_t certificates = 0;
};

/// Deletes the one private key of `alias` with the public key of the same CKA_ID or label, and,
/// if wanted, its certificates. Errc: key_not_found, key_ambiguous and the token's values.
[[nodiscard]] Loaded<Deleted> delete_key(
    const AdminToken& token, const std::string& alias, bool certificates
);

}  // namespace hsmfront::certs
