// The private keys of a token. Searched without libp11, whose list fails altogether when there is
// one key of a type it does not know (Ed25519 with 0.4.12).
#pragma once

#include "certs/handle.hpp"
#include "certs/key_pair.hpp"

#include <string>
#include <vector>

namespace hsmfront::certs {

struct ListedKey {
    std::string alias;             ///< CKA_LABEL
    std::vector<std::uint8_t> id;  ///< CKA_ID
    std::string type;              ///< "RSA 3072"; "RSA" when the public half is not to be had
    EvpPkeyPtr public_key;         ///< may be empty
    KeyProtection protection;
};

/// All private keys, by alias. Errors: the token's value.
[[nodiscard]] Result<std::vector<ListedKey>> list_keys(const Session& session);

}  // namespace hsmfront::certs
