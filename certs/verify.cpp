#include "certs/verify.hpp"

#include "certs/digest_info.hpp"

#include <openssl/err.h>
#include <openssl/rsa.h>

namespace hsmfront::certs {
namespace {

using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

bool verify_message(EVP_PKEY* key, Bytes message, const Signature& signature) {
    const DigestContextPtr context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
           EVP_DigestVerify(
               context.get(), signature.data(), signature.size(), message.data(), message.size()
           ) == 1;
}

bool set_padding(EVP_PKEY_CTX* context, const SignRequest& request, const DigestInfo& info) {
    if (request.padding == Padding::none) {
        return true;
    }
    const bool pss = request.padding == Padding::pss;
    const int padding = pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING;
    return EVP_PKEY_CTX_set_rsa_padding(context, padding) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, info.md()) == 1 &&
           (!pss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

bool verify_digest(EVP_PKEY* key, const SignRequest& request, const Signature& signature) {
    const DigestInfo* info = digest_info(request.digest);
    const EvpPkeyCtxPtr context(EVP_PKEY_CTX_new(key, nullptr));
    return info != nullptr && context && EVP_PKEY_verify_init(context.get()) == 1 &&
           set_padding(context.get(), request, *info) &&
           EVP_PKEY_verify(
               context.get(),
               signature.data(),
               signature.size(),
               request.input.data(),
               request.input.size()
           ) == 1;
}

}  // namespace

bool verify_signature(EVP_PKEY* key, const SignRequest& request, const Signature& signature) {
    const bool good = request.digest == Digest::none ? verify_message(key, request.input, signature)
                                                     : verify_digest(key, request, signature);
    ERR_clear_error();
    return good;
}

}  // namespace hsmfront::certs
