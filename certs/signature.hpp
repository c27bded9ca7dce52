// What is asked of a private key that lives elsewhere, and what comes back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace hsmfront::certs {

/// Bytes that somebody else owns.
using Bytes = std::span<const std::uint8_t>;

enum class KeyType { rsa, ec, ed25519 };

enum class Padding {
    none,   ///< ECDSA (over a digest), Ed25519 (over the message)
    pkcs1,  ///< RSASSA-PKCS1-v1_5 (RFC 8017 §8.2)
    pss,    ///< RSASSA-PSS, salt as long as the digest, MGF1 with the same hash (RFC 8446 §4.2.3)
};

enum class Digest { none, sha1, sha224, sha256, sha384, sha512 };

/// `input` is the digest made with `digest`, except for Ed25519 (`Digest::none`), where it is the
/// whole message. Owns its bytes: the asker may be gone before the answer.
struct SignRequest {
    Padding padding = Padding::none;
    Digest digest = Digest::none;
    std::vector<std::uint8_t> input;
};

/// RSA: as long as the modulus. ECDSA: DER SEQUENCE of r and s (RFC 3279 §2.2.3), as TLS wants it.
/// Ed25519: 64 bytes.
using Signature = std::vector<std::uint8_t>;

}  // namespace hsmfront::certs
