#include "proxy/tls/offloaded_key.hpp"

#include "proxy/tls/provider.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

namespace hsmfront::tls {
namespace {

using ParamsPtr = std::unique_ptr<OSSL_PARAM, certs::Deleter<OSSL_PARAM_free>>;

const char* type_name(certs::KeyType type) {
    switch (type) {
        case certs::KeyType::rsa:
            return "RSA";
        case certs::KeyType::ec:
            return "EC";
        case certs::KeyType::ed25519:
            return "ED25519";
    }
    return "";
}

}  // namespace

certs::EvpPkeyPtr make_offloaded_key(std::shared_ptr<certs::RemoteKey> key) {
    OSSL_LIB_CTX* library = provider::library_context();
    if (library == nullptr) {
        return nullptr;
    }
    // OSSL_PARAM_merge is shallow: the public half must outlive the import.
    OSSL_PARAM* public_half = nullptr;
    if (EVP_PKEY_todata(key->public_key(), EVP_PKEY_PUBLIC_KEY, &public_half) <= 0) {
        return nullptr;
    }
    const ParamsPtr public_owner{public_half};
    const std::shared_ptr<certs::RemoteKey>* address = &key;
    const OSSL_PARAM remote[] = {
        OSSL_PARAM_construct_octet_string(
            provider::remote_key_param, static_cast<void*>(&address), sizeof(void*)
        ),
        OSSL_PARAM_construct_end(),
    };
    const ParamsPtr merged{OSSL_PARAM_merge(public_half, remote)};
    const certs::EvpPkeyCtxPtr context{
        EVP_PKEY_CTX_new_from_name(library, type_name(key->type()), "provider=hsmfront")};
    EVP_PKEY* made = nullptr;
    if (merged == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, merged.get()) <= 0) {
        return nullptr;
    }
    return certs::EvpPkeyPtr{made};
}

}  // namespace hsmfront::tls
