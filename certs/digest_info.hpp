// Digests as PKCS#1, PKCS#11 and OpenSSL name them.
#pragma once

#include "certs/signature.hpp"

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>

#include <span>

namespace hsmfront::certs {

struct DigestInfo {
    Digest digest;
    std::size_t size;                      ///< bytes
    std::span<const std::uint8_t> prefix;  ///< DER before the digest (RFC 8017 §9.2 note 1)
    CK_MECHANISM_TYPE mechanism;           ///< CKM_SHA256, …
    CK_RSA_PKCS_MGF_TYPE mgf;              ///< CKG_MGF1_SHA256, …
    const EVP_MD* (*md)();
};

/// Null for Digest::none.
[[nodiscard]] const DigestInfo* digest_info(Digest digest) noexcept;

}  // namespace hsmfront::certs
