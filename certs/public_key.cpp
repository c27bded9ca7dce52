#include "certs/public_key.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>

#include <string>
#include <vector>

namespace hsmfront::certs {
namespace {

using ParamBuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using ParamsPtr = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Deleter<BN_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, Deleter<ASN1_OCTET_STRING_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Deleter<ASN1_OBJECT_free>>;

constexpr std::size_t ed25519_size = 32;

EvpPkeyPtr key_from_params(const char* type, OSSL_PARAM_BLD* builder) {
    const ParamsPtr params(OSSL_PARAM_BLD_to_param(builder));
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (params && context && EVP_PKEY_fromdata_init(context.get()) == 1) {
        (void)EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get());
    }
    ERR_clear_error();
    return EvpPkeyPtr(key);
}

BignumPtr number(Bytes bytes) {
    return BignumPtr(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

/// What a DER OCTET STRING holds; the bytes themselves when they are not exactly one.
std::vector<std::uint8_t> unwrapped(Bytes bytes) {
    const unsigned char* position = bytes.data();
    const OctetStringPtr string(
        d2i_ASN1_OCTET_STRING(nullptr, &position, static_cast<long>(bytes.size()))
    );
    ERR_clear_error();
    if (!string || position != bytes.data() + bytes.size()) {
        return {bytes.begin(), bytes.end()};
    }
    const unsigned char* data = ASN1_STRING_get0_data(string.get());
    return {data, data + ASN1_STRING_length(string.get())};
}

std::string curve_name(Bytes params) {
    constexpr std::uint8_t printable_string = 0x13;
    if (params.size() > 2 && params[0] == printable_string) {
        return {params.begin() + 2, params.end()};
    }
    const unsigned char* position = params.data();
    const ObjectPtr oid(d2i_ASN1_OBJECT(nullptr, &position, static_cast<long>(params.size())));
    ERR_clear_error();
    const int nid = oid ? OBJ_obj2nid(oid.get()) : NID_undef;
    return nid == NID_undef ? std::string() : OBJ_nid2sn(nid);
}

}  // namespace

EvpPkeyPtr rsa_public_key(Bytes modulus, Bytes exponent) {
    const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
    const BignumPtr n = number(modulus);
    const BignumPtr e = number(exponent);
    if (!builder || modulus.empty() || exponent.empty() ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
        return nullptr;
    }
    return key_from_params("RSA", builder.get());
}

EvpPkeyPtr ec_public_key(Bytes params, Bytes point) {
    const ParamBuilderPtr builder(OSSL_PARAM_BLD_new());
    const std::string curve = curve_name(params);
    const auto encoded = unwrapped(point);
    if (!builder || curve.empty() || encoded.empty() ||
        OSSL_PARAM_BLD_push_utf8_string(
            builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0
        ) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(
            builder.get(), OSSL_PKEY_PARAM_PUB_KEY, encoded.data(), encoded.size()
        ) != 1) {
        return nullptr;
    }
    return key_from_params("EC", builder.get());
}

EvpPkeyPtr ed25519_public_key(Bytes point) {
    const auto encoded = unwrapped(point);
    if (encoded.size() != ed25519_size) {
        return nullptr;
    }
    return EvpPkeyPtr(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, encoded.data(), encoded.size())
    );
}

}  // namespace hsmfront::certs
