#include "certs/certificate_request.hpp"

#include "certs/digest_info.hpp"
#include "certs/errc.hpp"
#include "certs/openssl_reason.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace hsmfront::certs {
namespace {

using RequestPtr = std::unique_ptr<X509_REQ, Deleter<X509_REQ_free>>;
using AlgorithmPtr = std::unique_ptr<X509_ALGOR, Deleter<X509_ALGOR_free>>;
using BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, Deleter<ASN1_BIT_STRING_free>>;
using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>>;

struct FreeExtensions {
    void operator()(X509_EXTENSIONS* stack) const noexcept {
        sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
    }
};
using ExtensionsPtr = std::unique_ptr<X509_EXTENSIONS, FreeExtensions>;

Failure openssl_failure(const std::string& what) {
    return Failure{Errc::file_malformed, what + ": " + drain_openssl_reason()};
}

/// An RSA or EC signature over a digest, with the algorithm's name in the request.
struct Scheme {
    int algorithm;  ///< NID
    Digest digest;
    bool null_parameter;  ///< RFC 4055 §5: NULL for RSA; RFC 5758 §3.2, RFC 8410 §3: absent
};

Scheme scheme_of(const RequestContent& content) {
    constexpr int bits_p256 = 256;
    constexpr int bits_p384 = 384;
    switch (content.type) {
        case KeyType::rsa:
            return {NID_sha256WithRSAEncryption, Digest::sha256, true};
        case KeyType::ed25519:
            return {NID_ED25519, Digest::none, false};
        case KeyType::ec:
            break;
    }
    const int bits = EVP_PKEY_get_bits(content.key);
    if (bits <= bits_p256) {
        return {NID_ecdsa_with_SHA256, Digest::sha256, false};
    }
    return bits <= bits_p384 ? Scheme{NID_ecdsa_with_SHA384, Digest::sha384, false}
                             : Scheme{NID_ecdsa_with_SHA512, Digest::sha512, false};
}

Loaded<void> set_subject(X509_REQ* request, const Subject& subject) {
    X509_NAME* name = X509_REQ_get_subject_name(request);
    for (const auto& rdn : subject) {
        bool first = true;
        for (const auto& [type, value] : rdn) {
            const auto* bytes = reinterpret_cast<const unsigned char*>(value.data());
            if (X509_NAME_add_entry_by_txt(
                    name,
                    type.c_str(),
                    MBSTRING_UTF8,
                    bytes,
                    static_cast<int>(value.size()),
                    -1,
                    first ? 0 : -1
                ) != 1) {
                return openssl_failure("subject, " + type + "=" + value);
            }
            first = false;
        }
    }
    return {};
}

int general_name_type(const std::string& entry) {
    return entry.starts_with("DNS:")     ? GEN_DNS
           : entry.starts_with("IP:")    ? GEN_IPADD
           : entry.starts_with("email:") ? GEN_EMAIL
                                         : GEN_URI;
}

Loaded<void> set_extensions(X509_REQ* request, const std::vector<std::string>& names) {
    X509_EXTENSIONS* built = nullptr;
    const GeneralNamesPtr list(GENERAL_NAMES_new());
    for (const std::string& entry : names) {
        const std::string value = entry.substr(entry.find(':') + 1);
        GENERAL_NAME* name =
            a2i_GENERAL_NAME(nullptr, nullptr, nullptr, general_name_type(entry), value.c_str(), 0);
        if (name == nullptr) {
            return openssl_failure("name " + entry);
        }
        sk_GENERAL_NAME_push(list.get(), name);
    }
    bool good =
        names.empty() || X509V3_add1_i2d(&built, NID_subject_alt_name, list.get(), 0, 0) == 1;
    for (const auto& [nid, value] :
         {std::pair{NID_basic_constraints, "critical,CA:FALSE"},
          std::pair{NID_key_usage, "critical,digitalSignature"},
          std::pair{NID_ext_key_usage, "serverAuth"}}) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
        good = good && extension != nullptr && X509v3_add_ext(&built, extension, -1) != nullptr;
        X509_EXTENSION_free(extension);
    }
    const ExtensionsPtr extensions(built);
    if (!good || X509_REQ_add_extensions(request, extensions.get()) != 1) {
        return openssl_failure("extensions");
    }
    return {};
}

/// What the token signs: the digest, or for Ed25519 the whole.
SignRequest sign_request(const Scheme& scheme, KeyType type, X509_REQ* request) {
    unsigned char* der = nullptr;
    const int size = i2d_re_X509_REQ_tbs(request, &der);
    SignRequest wanted{
        type == KeyType::rsa ? Padding::pkcs1 : Padding::none, scheme.digest, {der, der + size}};
    OPENSSL_free(der);
    if (const DigestInfo* info = digest_info(scheme.digest)) {
        std::vector<std::uint8_t> digest(info->size);
        EVP_Digest(
            wanted.input.data(), wanted.input.size(), digest.data(), nullptr, info->md(), nullptr
        );
        wanted.input = std::move(digest);
    }
    return wanted;
}

Loaded<void> sign_request_with(
    const SignFunction& sign, const RequestContent& content, X509_REQ* request
) {
    const Scheme scheme = scheme_of(content);
    const AlgorithmPtr algorithm(X509_ALGOR_new());
    X509_ALGOR_set0(
        algorithm.get(),
        OBJ_nid2obj(scheme.algorithm),
        scheme.null_parameter ? V_ASN1_NULL : V_ASN1_UNDEF,
        nullptr
    );
    X509_REQ_set1_signature_algo(request, algorithm.get());
    const auto signature = sign(sign_request(scheme, content.type, request));
    if (!signature) {
        return Failure{
            Errc::signature_failed, "signing the request: " + signature.error().message()};
    }
    BitStringPtr bits(ASN1_BIT_STRING_new());
    ASN1_BIT_STRING_set(
        bits.get(),
        const_cast<unsigned char*>(signature->data()),
        static_cast<int>(signature->size())
    );
    // Whole bytes: without this OpenSSL strips trailing zero bits.
    bits->flags &= ~(ASN1_STRING_FLAG_BITS_LEFT | 0x07L);
    bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;
    X509_REQ_set0_signature(request, bits.release());
    if (X509_REQ_verify(request, content.key) != 1) {
        return Failure{
            Errc::signature_failed,
            "the token's signature does not fit the request: " + drain_openssl_reason()};
    }
    return {};
}

}  // namespace

Loaded<std::string> make_request(const RequestContent& content, const SignFunction& sign) {
    ERR_clear_error();
    const RequestPtr request(X509_REQ_new());
    if (!request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(request.get(), content.key) != 1) {
        return openssl_failure("request");
    }
    if (auto done = set_subject(request.get(), content.subject); !done) {
        return done.error();
    }
    if (auto done = set_extensions(request.get(), content.names); !done) {
        return done.error();
    }
    if (auto done = sign_request_with(sign, content, request.get()); !done) {
        return done.error();
    }
    const BioPtr memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509_REQ(memory.get(), request.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

}  // namespace hsmfront::certs
