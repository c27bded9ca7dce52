// TokenKey: a private key in the token, found by its alias and proven by test signatures.
#pragma once

#include "certs/chain.hpp"
#include "certs/sign_mechanism.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace hsmfront::certs {

/// Immutable; shared by signers and workers. Holds no handle: those belong to a session.
struct TokenKey {
    std::uint64_t id = 0;  ///< unique in the process, so that cached handles never mix keys up
    std::string alias;
    EvpPkeyPtr public_key;
    SignPlan plan;
};

/// See Hsm::find_key. Uses the control session. Tries RSA paddings out, so that the plan says what
/// the token really does. Errc: those of Hsm::find_key, token_unavailable.
[[nodiscard]] Loaded<std::shared_ptr<const TokenKey>> find_token_key(
    TokenConnection& connection, const std::string& alias, EVP_PKEY* expected
);

/// What a test signature with the key signs.
[[nodiscard]] SignRequest test_request(const SignPlan& plan);

/// After a reconnect: `key` is still there and signs for the same public half. Errors:
/// key_not_found, key_ambiguous, key_mismatch, signature_failed, the token's value.
[[nodiscard]] Result<void> prove_token_key(TokenConnection& connection, const TokenKey& key);

}  // namespace hsmfront::certs
