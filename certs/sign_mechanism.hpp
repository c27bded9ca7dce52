// How a token is asked for each kind of signature, and its answer turned into what TLS sends.
#pragma once

#include "certs/remote_key.hpp"
#include "certs/token_connection.hpp"

#include <set>

namespace hsmfront::certs {

/// How RSA-PSS is made. `padded`: EMSA-PSS here, the bare RSA operation (CKM_RSA_X_509) there.
enum class PssWay { native, padded, none };

/// What is known of a private key besides its handle.
struct SignPlan {
    KeyType type = KeyType::rsa;
    std::size_t bits = 0;  ///< RSA: of the modulus; EC: of the group's order
    PssWay pss = PssWay::none;
    bool pkcs1 = false;
    bool always_authenticate = false;

    [[nodiscard]] SignCapabilities capabilities() const {
        return {
            .pss = type != KeyType::rsa || pss != PssWay::none,
            .pkcs1 = type != KeyType::rsa || pkcs1};
    }
};

/// Mechanisms that the token lists and the key's CKA_ALLOWED_MECHANISMS, where it has one, allows.
[[nodiscard]] Result<std::set<CK_MECHANISM_TYPE>> usable_mechanisms(
    const Session& session, CK_SLOT_ID slot, CK_OBJECT_HANDLE key
);

/// One signature through `session`, one of `connection`'s. Blocks. Errors: the token's value;
/// Errc::signature_failed for a request that does not suit the key (digest of the wrong length,
/// padding the token cannot do).
[[nodiscard]] Result<Signature> sign_on_token(
    TokenConnection& connection,
    const Session& session,
    CK_OBJECT_HANDLE key,
    const SignPlan& plan,
    const SignRequest& request
);

}  // namespace hsmfront::certs
