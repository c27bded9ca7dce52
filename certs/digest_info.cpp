#include "certs/digest_info.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::certs {
namespace {

constexpr std::array<std::uint8_t, 15> sha1_prefix{
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14};

/// The SHA-2 prefixes differ in the last octet of the OID and in the lengths.
constexpr std::array<std::uint8_t, 19> sha2_prefix(std::uint8_t oid, std::uint8_t size) {
    const auto whole = static_cast<std::uint8_t>(size + 17);
    return {
        0x30,
        whole,
        0x30,
        0x0d,
        0x06,
        0x09,
        0x60,
        0x86,
        0x48,
        0x01,
        0x65,
        0x03,
        0x04,
        0x02,
        oid,
        0x05,
        0x00,
        0x04,
        size};
}

constexpr auto sha256_prefix = sha2_prefix(1, 32);
constexpr auto sha384_prefix = sha2_prefix(2, 48);
constexpr auto sha512_prefix = sha2_prefix(3, 64);
constexpr auto sha224_prefix = sha2_prefix(4, 28);

constexpr std::array digests{
    DigestInfo{Digest::sha1, 20, sha1_prefix, CKM_SHA_1, CKG_MGF1_SHA1, EVP_sha1},
    DigestInfo{Digest::sha224, 28, sha224_prefix, CKM_SHA224, CKG_MGF1_SHA224, EVP_sha224},
    DigestInfo{Digest::sha256, 32, sha256_prefix, CKM_SHA256, CKG_MGF1_SHA256, EVP_sha256},
    DigestInfo{Digest::sha384, 48, sha384_prefix, CKM_SHA384, CKG_MGF1_SHA384, EVP_sha384},
    DigestInfo{Digest::sha512, 64, sha512_prefix, CKM_SHA512, CKG_MGF1_SHA512, EVP_sha512},
};

}  // namespace

const DigestInfo* digest_info(Digest digest) noexcept {
    const auto* found = std::find_if(digests.begin(), digests.end(), [digest](const auto& row) {
        return row.digest == digest;
    });
    return found == digests.end() ? nullptr : found;
}

}  // namespace hsmfront::certs
