// Key management: everything public is asked of an ordinary OpenSSL key, everything private is
// refused, so that OpenSSL comes back to this provider for signatures.
#include "proxy/tls/provider.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstring>
#include <new>

namespace hsmfront::tls::provider {
namespace {

template <const char* Type>
void* new_key(void*) {
    return new (std::nothrow) KeyData{Type, nullptr, nullptr};
}

void free_key(void* key) { delete static_cast<KeyData*>(key); }

int has(const void* key, int selection) {
    const auto& data = *static_cast<const KeyData*>(key);
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0 && data.remote == nullptr) {
        return 0;
    }
    return data.public_key != nullptr ? 1 : 0;
}

int match(const void* left, const void* right, int) {
    const auto& a = *static_cast<const KeyData*>(left);
    const auto& b = *static_cast<const KeyData*>(right);
    return EVP_PKEY_eq(a.public_key.get(), b.public_key.get()) == 1 ? 1 : 0;
}

int get_params(void* key, OSSL_PARAM* params) {
    return EVP_PKEY_get_params(static_cast<KeyData*>(key)->public_key.get(), params);
}

const OSSL_PARAM* gettable_params(void*) {
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, nullptr, 0),
        OSSL_PARAM_END,
    };
    return params;
}

/// The ordinary key that `params` describe.
certs::EvpPkeyPtr read_public_key(const char* type, const OSSL_PARAM* params) {
    const certs::EvpPkeyCtxPtr context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
    EVP_PKEY* key = nullptr;
    if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
        EVP_PKEY_fromdata(
            context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params)
        ) <= 0) {
        return nullptr;
    }
    return certs::EvpPkeyPtr{key};
}

int import_key(void* key, int selection, const OSSL_PARAM* params) {
    auto& data = *static_cast<KeyData*>(key);
    data.public_key = read_public_key(data.type, params);
    if (data.public_key == nullptr) {
        return 0;
    }
    const OSSL_PARAM* remote = OSSL_PARAM_locate_const(params, remote_key_param);
    if (remote != nullptr && remote->data_size == sizeof(void*)) {
        const std::shared_ptr<certs::RemoteKey>* source = nullptr;
        std::memcpy(&source, remote->data, sizeof source);
        data.remote = *source;
    }
    return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || data.remote != nullptr ? 1 : 0;
}

int export_key(void* key, int selection, OSSL_CALLBACK* callback, void* argument) {
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) {
        return 0;  // makes EVP ask this provider to sign (do_sigver_init)
    }
    OSSL_PARAM* params = nullptr;
    const auto& data = *static_cast<KeyData*>(key);
    if (EVP_PKEY_todata(data.public_key.get(), EVP_PKEY_PUBLIC_KEY, &params) <= 0) {
        return 0;
    }
    const int result = callback(params, argument);
    OSSL_PARAM_free(params);
    return result;
}

const OSSL_PARAM* key_types(int selection) {
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, nullptr, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0),
        OSSL_PARAM_END,
    };
    return (selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0 ? params : nullptr;
}

constexpr char rsa[] = "RSA";
constexpr char ec[] = "EC";
constexpr char ed25519[] = "ED25519";

const char* rsa_operation(int) { return "RSA"; }
const char* ec_operation(int) { return "ECDSA"; }
const char* ed25519_operation(int) { return "ED25519"; }

template <const char* Type>
const OSSL_DISPATCH* functions(const char* (*operation)(int)) {
    static const std::array table{
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_NEW, dispatch(new_key<Type>)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_FREE, dispatch(free_key)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_HAS, dispatch(has)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_MATCH, dispatch(match)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_GET_PARAMS, dispatch(get_params)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, dispatch(gettable_params)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_IMPORT, dispatch(import_key)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_IMPORT_TYPES, dispatch(key_types)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_EXPORT, dispatch(export_key)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_EXPORT_TYPES, dispatch(key_types)},
        OSSL_DISPATCH{OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, dispatch(operation)},
        OSSL_DISPATCH{0, nullptr},
    };
    return table.data();
}

}  // namespace

const OSSL_ALGORITHM* key_management_algorithms() {
    static constexpr const char* property = "provider=hsmfront";
    // All names by which libssl knows a type, or its certificate look-up misses the key
    // (ssl_cert_lookup_by_pkey).
    static const std::array table{
        OSSL_ALGORITHM{
            "RSA:rsaEncryption:1.2.840.113549.1.1.1",
            property,
            functions<rsa>(rsa_operation),
            "RSA key elsewhere"},
        OSSL_ALGORITHM{
            "EC:id-ecPublicKey:1.2.840.10045.2.1",
            property,
            functions<ec>(ec_operation),
            "EC key elsewhere"},
        OSSL_ALGORITHM{
            "ED25519:1.3.101.112",
            property,
            functions<ed25519>(ed25519_operation),
            "Ed25519 key elsewhere"},
        OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr},
    };
    return table.data();
}

}  // namespace hsmfront::tls::provider
