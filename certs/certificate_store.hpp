// Certificates put into a token beside the key they belong to.
#pragma once

#include "certs/chain.hpp"
#include "certs/session.hpp"

#include <string>

namespace hsmfront::certs {

/// Makes `chain` what the token holds under the label `alias`: what is missing is created, what is
/// there stays, other certificates of that label are deleted, in this order. The leaf gets the
/// private key's CKA_ID; issuers get their own, since a token's certificate with a key's id stands
/// for that key. `session`: read-write, logged in. Errors: the token's value.
[[nodiscard]] Result<void> store_chain(
    const Session& session, const std::string& alias, const Chain& chain
);

}  // namespace hsmfront::certs
