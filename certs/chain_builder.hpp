// Chains out of whatever an authority sent: the leaf found, the issuers put in order, all verified.
#pragma once

#include "certs/chain.hpp"

#include <ctime>
#include <string>
#include <vector>

namespace hsmfront::certs {

struct BuiltChain {
    Chain chain;                        ///< leaf first, each followed by its issuer
    std::vector<std::string> warnings;  ///< what an operator should know of, in words
};

struct ChainMaterial {
    std::vector<X509Ptr> given;        ///< in any order, duplicates ignored
    std::vector<X509Ptr> authorities;  ///< used where `given` has no issuer
    std::string alias;                 ///< for messages
    std::time_t now = 0;
};

/// The chain of the certificate that was issued for `key`; of several the one that is valid
/// longest. Signatures, validity, CA:TRUE and path length are verified as a client would.
/// Errc: key_mismatch (none was issued for `key`; the message says for whom they are),
/// file_malformed (the chain does not verify).
[[nodiscard]] Loaded<BuiltChain> build_chain(EVP_PKEY* key, ChainMaterial material);

}  // namespace hsmfront::certs
