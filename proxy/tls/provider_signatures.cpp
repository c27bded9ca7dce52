// Signatures: hash here, have the digest signed elsewhere.
#include "proxy/tls/provider.hpp"
#include "proxy/tls/sign_wait.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <string_view>

namespace hsmfront::tls::provider {
namespace {

using certs::Digest;
using certs::Padding;

struct SignatureContext {
    const KeyData* key = nullptr;
    Digest digest = Digest::none;
    Padding padding = Padding::none;
};

struct DigestName {
    int nid;
    Digest digest;
};

constexpr std::array digest_names{
    DigestName{NID_sha1, Digest::sha1},
    DigestName{NID_sha224, Digest::sha224},
    DigestName{NID_sha256, Digest::sha256},
    DigestName{NID_sha384, Digest::sha384},
    DigestName{NID_sha512, Digest::sha512},
};

const EVP_MD* native(Digest digest) {
    const auto* found = std::find_if(digest_names.begin(), digest_names.end(), [&](auto& entry) {
        return entry.digest == digest;
    });
    return found == digest_names.end() ? nullptr : EVP_get_digestbynid(found->nid);
}

bool read_digest(const char* name, Digest& digest) {
    if (name == nullptr || *name == '\0') {
        digest = Digest::none;
        return true;
    }
    EVP_MD* md = EVP_MD_fetch(nullptr, name, nullptr);
    const int nid = md != nullptr ? EVP_MD_get_type(md) : NID_undef;
    EVP_MD_free(md);
    const auto* found = std::find_if(digest_names.begin(), digest_names.end(), [&](auto& entry) {
        return entry.nid == nid;
    });
    if (found == digest_names.end()) {
        return false;
    }
    digest = found->digest;
    return true;
}

void* new_context(void*, const char*) { return new (std::nothrow) SignatureContext; }

void free_context(void* context) { delete static_cast<SignatureContext*>(context); }

/// OpenSSL gives a padding as its number or as its name.
bool read_padding(const OSSL_PARAM& param, Padding& padding) {
    int number = 0;
    if (param.data_type == OSSL_PARAM_UTF8_STRING) {
        const std::string_view name = static_cast<const char*>(param.data);
        if (name == OSSL_PKEY_RSA_PAD_MODE_PSS) {
            number = RSA_PKCS1_PSS_PADDING;
        } else if (name == OSSL_PKEY_RSA_PAD_MODE_PKCSV15) {
            number = RSA_PKCS1_PADDING;
        }
    } else if (OSSL_PARAM_get_int(&param, &number) != 1) {
        return false;
    }
    if (number != RSA_PKCS1_PSS_PADDING && number != RSA_PKCS1_PADDING) {
        return false;
    }
    padding = number == RSA_PKCS1_PSS_PADDING ? Padding::pss : Padding::pkcs1;
    return true;
}

/// TLS uses one salt length only: that of the digest (RFC 8446 §4.2.3).
bool salt_is_digest_length(const OSSL_PARAM& param) {
    if (param.data_type == OSSL_PARAM_UTF8_STRING) {
        return std::string_view(static_cast<const char*>(param.data)) ==
               OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST;
    }
    int number = 0;
    return OSSL_PARAM_get_int(&param, &number) == 1 && number == RSA_PSS_SALTLEN_DIGEST;
}

int set_params(void* context, const OSSL_PARAM* params) {
    auto& signature = *static_cast<SignatureContext*>(context);
    if (params == nullptr) {
        return 1;
    }
    if (const auto* padding = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE)) {
        if (!read_padding(*padding, signature.padding)) {
            return 0;
        }
    }
    const auto* salt = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    return salt == nullptr || salt_is_digest_length(*salt) ? 1 : 0;
}

const OSSL_PARAM* settable_params(void*, void*) {
    static const OSSL_PARAM params[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
        OSSL_PARAM_END,
    };
    return params;
}

int sign_init(void* context, const char* digest, void* key, const OSSL_PARAM* params) {
    auto& signature = *static_cast<SignatureContext*>(context);
    signature.key = static_cast<const KeyData*>(key);
    if (signature.key == nullptr || signature.key->remote == nullptr ||
        !read_digest(digest, signature.digest)) {
        return 0;
    }
    const bool is_rsa = signature.key->remote->type() == certs::KeyType::rsa;
    signature.padding = is_rsa ? Padding::pkcs1 : Padding::none;
    return set_params(context, params);
}

bool make_request(
    const SignatureContext& context, const unsigned char* data, size_t size, certs::SignRequest& out
) {
    out.padding = context.padding;
    out.digest = context.digest;
    if (context.digest == Digest::none) {
        out.input.assign(data, data + size);
        return true;
    }
    out.input.resize(EVP_MAX_MD_SIZE);
    unsigned int length = 0;
    if (EVP_Digest(data, size, out.input.data(), &length, native(context.digest), nullptr) != 1) {
        return false;
    }
    out.input.resize(length);
    return true;
}

/// Runs on the ASYNC job's stack (32 KiB, no guard page): nothing big here.
int sign(
    void* context,
    unsigned char* signature,
    size_t* signature_size,
    size_t capacity,
    const unsigned char* data,
    size_t size
) {
    const auto& wanted = *static_cast<SignatureContext*>(context);
    const auto largest = static_cast<size_t>(EVP_PKEY_get_size(wanted.key->public_key.get()));
    if (signature == nullptr) {
        *signature_size = largest;
        return 1;
    }
    SignWait* const wait = SignWait::current();
    certs::SignRequest request;
    if (wait == nullptr || !make_request(wanted, data, size, request)) {
        return 0;
    }
    const auto made = wait->sign(*wanted.key->remote, std::move(request));
    if (!made || made->size() > std::min(capacity, largest)) {
        return 0;
    }
    std::memcpy(signature, made->data(), made->size());
    *signature_size = made->size();
    return 1;
}

/// Exceptions must not cross OpenSSL's frames; memory is the only thing that can run out here.
int sign_or_fail(
    void* context,
    unsigned char* signature,
    size_t* signature_size,
    size_t capacity,
    const unsigned char* data,
    size_t size
) {
    try {
        return sign(context, signature, signature_size, capacity, data, size);
    } catch (const std::bad_alloc&) {
        return 0;
    }
}

const OSSL_DISPATCH* functions() {
    static const std::array table{
        OSSL_DISPATCH{OSSL_FUNC_SIGNATURE_NEWCTX, dispatch(new_context)},
        OSSL_DISPATCH{OSSL_FUNC_SIGNATURE_FREECTX, dispatch(free_context)},
        OSSL_DISPATCH{OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, dispatch(sign_init)},
        OSSL_DISPATCH{OSSL_FUNC_SIGNATURE_DIGEST_SIGN, dispatch(sign_or_fail)},
        OSSL_DISPATCH{OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, dispatch(set_params)},
        OSSL_DISPATCH{OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, dispatch(settable_params)},
        OSSL_DISPATCH{0, nullptr},
    };
    return table.data();
}

}  // namespace

const OSSL_ALGORITHM* signature_algorithms() {
    // "fips=yes", so that tls.fips finds them: no cryptography happens here but the digest, which
    // is fetched under the same rule; the signature is made by the HSM, a module validated by
    // itself.
    static constexpr const char* property = "provider=hsmfront,fips=yes";
    static const std::array table{
        OSSL_ALGORITHM{"RSA:rsaEncryption", property, functions(), "RSA, made elsewhere"},
        OSSL_ALGORITHM{"ECDSA", property, functions(), "ECDSA, made elsewhere"},
        OSSL_ALGORITHM{"ED25519", property, functions(), "Ed25519, made elsewhere"},
        OSSL_ALGORITHM{nullptr, nullptr, nullptr, nullptr},
    };
    return table.data();
}

}  // namespace hsmfront::tls::provider
