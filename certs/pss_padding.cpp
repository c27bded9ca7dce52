#include "certs/pss_padding.hpp"

#include "certs/errc.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <memory>

namespace hsmfront::certs {
namespace {

struct FreeDigestContext {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

/// Hash of the parts one after the other; false if OpenSSL refuses (a digest its policy forbids).
bool hash_parts(const EVP_MD* md, std::initializer_list<Bytes> parts, std::uint8_t* out) {
    const std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context(EVP_MD_CTX_new());
    bool fine = context && EVP_DigestInit_ex(context.get(), md, nullptr) == 1;
    for (const Bytes part : parts) {
        fine = fine && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
    }
    return fine && EVP_DigestFinal_ex(context.get(), out, nullptr) == 1;
}

/// Exclusive-or of `target` with MGF1(seed) (RFC 8017 §B.2.1).
bool apply_mgf1(const EVP_MD* md, Bytes seed, std::span<std::uint8_t> target) {
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> block{};
    const auto step = static_cast<std::size_t>(EVP_MD_get_size(md));
    std::uint8_t counter = 0;  // 255 blocks of 20 bytes are more than any modulus
    for (std::size_t done = 0; done < target.size(); done += step, ++counter) {
        const std::array<std::uint8_t, 4> number{0, 0, 0, counter};
        if (!hash_parts(md, {seed, number}, block.data())) {
            return false;
        }
        const std::size_t size = std::min(step, target.size() - done);
        for (std::size_t i = 0; i < size; ++i) {
            target[done + i] ^= block[i];
        }
    }
    return true;
}

}  // namespace

Result<std::vector<std::uint8_t>> pss_encode(
    std::span<const std::uint8_t> digest, const DigestInfo& info, std::size_t modulus_bits
) {
    const std::size_t em_bits = modulus_bits - 1;
    const std::size_t em_size = (em_bits + 7) / 8;
    const std::size_t salt_size = info.size;
    if (digest.size() != info.size || em_size < info.size + salt_size + 2) {
        return Errc::signature_failed;
    }
    // EM = maskedDB || H || 0xbc, DB = zeros || 0x01 || salt. A modulus of 8k+1 bits leaves one
    // zero byte before EM.
    std::vector<std::uint8_t> block((modulus_bits + 7) / 8, 0);
    const auto em = std::span(block).last(em_size);
    const auto db = em.first(em_size - info.size - 1);
    const auto hash = em.subspan(db.size(), info.size);
    const auto salt = db.last(salt_size);
    db[db.size() - salt_size - 1] = 0x01;
    em.back() = 0xbc;

    constexpr std::array<std::uint8_t, 8> zeros{};
    const EVP_MD* md = info.md();
    if (RAND_bytes(salt.data(), static_cast<int>(salt_size)) != 1 ||
        !hash_parts(md, {zeros, digest, salt}, hash.data()) || !apply_mgf1(md, hash, db)) {
        return Errc::signature_failed;
    }
    db.front() &= static_cast<std::uint8_t>(0xff >> (8 * em_size - em_bits));
    return block;
}

}  // namespace hsmfront::certs
