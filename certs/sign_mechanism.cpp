#include "certs/sign_mechanism.hpp"

#include "certs/ckr.hpp"
#include "certs/digest_info.hpp"
#include "certs/errc.hpp"
#include "certs/pss_padding.hpp"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include <algorithm>
#include <cstring>

namespace hsmfront::certs {
namespace {

using EcdsaSigPtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

/// A mechanism, its parameter and the bytes it signs. Stays where it is: the mechanism points into
/// it.
struct TokenRequest {
    CK_MECHANISM mechanism{};
    CK_RSA_PKCS_PSS_PARAMS pss{};
    std::vector<std::uint8_t> input;
};

error_code prepare_pkcs1(const SignRequest& request, const DigestInfo& info, TokenRequest& out) {
    out.mechanism.mechanism = CKM_RSA_PKCS;
    out.input.assign(info.prefix.begin(), info.prefix.end());
    out.input.insert(out.input.end(), request.input.begin(), request.input.end());
    return {};
}

error_code prepare_pss(
    const SignPlan& plan, const SignRequest& request, const DigestInfo& info, TokenRequest& out
) {
    if (plan.pss == PssWay::padded) {
        auto encoded = pss_encode(request.input, info, plan.bits);
        if (!encoded) {
            return encoded.error();
        }
        out.mechanism.mechanism = CKM_RSA_X_509;
        out.input = std::move(*encoded);
        return {};
    }
    out.pss = {info.mechanism, info.mgf, info.size};
    out.mechanism = {CKM_RSA_PKCS_PSS, &out.pss, sizeof(out.pss)};
    out.input = request.input;
    return {};
}

error_code prepare_rsa(const SignPlan& plan, const SignRequest& request, TokenRequest& out) {
    const DigestInfo* info = digest_info(request.digest);
    if (info == nullptr || request.input.size() != info->size) {
        return Errc::signature_failed;
    }
    if (request.padding == Padding::pkcs1 && plan.pkcs1) {
        return prepare_pkcs1(request, *info, out);
    }
    if (request.padding == Padding::pss && plan.pss != PssWay::none) {
        return prepare_pss(plan, request, *info, out);
    }
    return Errc::signature_failed;
}

error_code prepare(const SignPlan& plan, const SignRequest& request, TokenRequest& out) {
    if (plan.type == KeyType::rsa) {
        return prepare_rsa(plan, request, out);
    }
    out.input = request.input;
    if (plan.type == KeyType::ed25519) {
        out.mechanism.mechanism = CKM_EDDSA;
        return {};
    }
    out.mechanism.mechanism = CKM_ECDSA;
    // FIPS 186-4 §6.4: the leftmost bits of the digest, as many as the order has. The orders of
    // P-256, P-384 are whole bytes; P-521's is longer than any digest.
    const std::size_t longest = (plan.bits + 7) / 8;
    out.input.resize(std::min(out.input.size(), longest));
    return out.input.empty() ? error_code(Errc::signature_failed) : error_code();
}

/// r || s of equal lengths to DER (RFC 3279 §2.2.3).
Result<Signature> ecdsa_to_der(std::span<const std::uint8_t> raw) {
    if (raw.empty() || raw.size() % 2 != 0) {
        return Errc::signature_failed;
    }
    const auto half = static_cast<int>(raw.size() / 2);
    const EcdsaSigPtr pair(ECDSA_SIG_new());
    BIGNUM* r = BN_bin2bn(raw.data(), half, nullptr);
    BIGNUM* s = BN_bin2bn(raw.data() + half, half, nullptr);
    if (!pair || r == nullptr || s == nullptr || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return Errc::signature_failed;
    }
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    if (size <= 0) {
        return Errc::signature_failed;
    }
    Signature signature(der, der + size);
    OPENSSL_free(der);
    return signature;
}

/// Left-pads an RSA signature that a token gave without its leading zeros.
Signature full_length(Signature signature, std::size_t bits) {
    const std::size_t size = (bits + 7) / 8;
    if (signature.size() < size) {
        signature.insert(signature.begin(), size - signature.size(), 0);
    }
    return signature;
}

Result<std::vector<CK_MECHANISM_TYPE>> token_mechanisms(const Module& module, CK_SLOT_ID slot) {
    CK_ULONG count = 0;
    CK_RV result = module.call().C_GetMechanismList(slot, nullptr, &count);
    // p11-kit-client 0.24 takes mechanisms out of the list it fills, and reads one behind its end.
    std::vector<CK_MECHANISM_TYPE> list(count + 1);
    if (result == CKR_OK && count > 0) {
        result = module.call().C_GetMechanismList(slot, list.data(), &count);
    }
    if (result != CKR_OK) {
        return ckr_error(result);
    }
    list.resize(count);
    return list;
}

}  // namespace

Result<std::set<CK_MECHANISM_TYPE>> usable_mechanisms(
    const Session& session, CK_SLOT_ID slot, CK_OBJECT_HANDLE key
) {
    auto listed = token_mechanisms(session.module(), slot);
    if (!listed) {
        return listed.error();
    }
    std::set<CK_MECHANISM_TYPE> usable(listed->begin(), listed->end());
    const auto allowed = session.attribute(key, CKA_ALLOWED_MECHANISMS);
    if (!allowed || allowed->empty() || allowed->size() % sizeof(CK_MECHANISM_TYPE) != 0) {
        return usable;
    }
    std::vector<CK_MECHANISM_TYPE> permitted(allowed->size() / sizeof(CK_MECHANISM_TYPE));
    std::memcpy(permitted.data(), allowed->data(), allowed->size());
    std::erase_if(usable, [&permitted](CK_MECHANISM_TYPE type) {
        return std::find(permitted.begin(), permitted.end(), type) == permitted.end();
    });
    return usable;
}

Result<Signature> sign_on_token(
    TokenConnection& connection,
    const Session& session,
    CK_OBJECT_HANDLE key,
    const SignPlan& plan,
    const SignRequest& request
) {
    TokenRequest prepared;
    if (const error_code error = prepare(plan, request, prepared)) {
        return error;
    }
    if (const error_code error = session.begin_sign(prepared.mechanism, key)) {
        return error;
    }
    if (plan.always_authenticate) {
        if (const error_code error = connection.login().context(session, connection.token())) {
            return error;
        }
    }
    auto signature = session.sign(prepared.input);
    if (!signature) {
        return signature.error();
    }
    switch (plan.type) {
        case KeyType::rsa:
            return full_length(std::move(*signature), plan.bits);
        case KeyType::ec:
            return ecdsa_to_der(*signature);
        case KeyType::ed25519:
            break;
    }
    return signature;
}

}  // namespace hsmfront::certs
