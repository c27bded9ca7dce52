// EMSA-PSS encoding (RFC 8017 §9.1.1) for tokens that only do the bare RSA operation.
#pragma once

#include "certs/digest_info.hpp"
#include "config/result.hpp"

#include <vector>

namespace hsmfront::certs {

/// `digest` encoded for a modulus of `modulus_bits`, as long as the modulus, ready for the RSA
/// operation. The salt is as long as the digest, MGF1 uses the same hash (RFC 8446 §4.2.3).
/// Errc: signature_failed (modulus too short for the digest, or no random bytes).
[[nodiscard]] Result<std::vector<std::uint8_t>> pss_encode(
    std::span<const std::uint8_t> digest, const DigestInfo& info, std::size_t modulus_bits
);

}  // namespace hsmfront::certs
