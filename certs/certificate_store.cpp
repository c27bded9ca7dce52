#include "certs/certificate_store.hpp"

#include "certs/token_objects.hpp"

#include <algorithm>
#include <array>

namespace hsmfront::certs {
namespace {

constexpr std::size_t most_certificates = 64;

Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// What i2d_… of `object` gives.
template <class T>
std::vector<std::uint8_t> der_of(int (*encode)(const T*, unsigned char**), const T* object) {
    unsigned char* der = nullptr;
    const int size = encode(object, &der);
    std::vector<std::uint8_t> bytes(der, der + std::max(size, 0));
    OPENSSL_free(der);
    return bytes;
}

std::vector<std::uint8_t> key_id(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    (void)X509_pubkey_digest(certificate, EVP_sha1(), digest.data(), &size);
    return {digest.begin(), digest.begin() + size};
}

Result<void> create(
    const Session& session, const std::string& alias, const X509* certificate, Bytes id
) {
    const auto value = der_of(i2d_X509, certificate);
    const auto subject = der_of(i2d_X509_NAME, X509_get_subject_name(certificate));
    const auto issuer = der_of(i2d_X509_NAME, X509_get_issuer_name(certificate));
    const auto serial = der_of(i2d_ASN1_INTEGER, X509_get0_serialNumber(certificate));
    CK_OBJECT_CLASS kind = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    const auto made = session.create(
        {attribute_of(CKA_CLASS, kind),
         attribute_of(CKA_CERTIFICATE_TYPE, type),
         attribute_of(CKA_TOKEN, yes),
         attribute_of(CKA_PRIVATE, no),
         attribute_of(CKA_LABEL, bytes_of(alias)),
         attribute_of(CKA_ID, id),
         attribute_of(CKA_SUBJECT, Bytes(subject)),
         attribute_of(CKA_ISSUER, Bytes(issuer)),
         attribute_of(CKA_SERIAL_NUMBER, Bytes(serial)),
         attribute_of(CKA_VALUE, Bytes(value))}
    );
    if (!made) {
        return made.error();
    }
    return {};
}

}  // namespace

Result<void> store_chain(const Session& session, const std::string& alias, const Chain& chain) {
    const auto key = find_private_key(session, alias);
    if (!key) {
        return key.error();
    }
    const auto id = session.attribute(*key, CKA_ID);
    CK_OBJECT_CLASS kind = CKO_CERTIFICATE;
    auto old = session.find(
        {attribute_of(CKA_CLASS, kind), attribute_of(CKA_LABEL, bytes_of(alias))}, most_certificates
    );
    if (!old) {
        return old.error();
    }
    for (const X509Ptr& certificate : chain.certificates) {
        const auto value = der_of<X509>(i2d_X509, certificate.get());
        const auto same = std::find_if(old->begin(), old->end(), [&](CK_OBJECT_HANDLE object) {
            const auto stored = session.attribute(object, CKA_VALUE);
            return stored && *stored == value;
        });
        if (same != old->end()) {
            old->erase(same);
            continue;
        }
        const bool leaf = certificate.get() == chain.leaf();
        const auto own_id = leaf && id ? *id : key_id(certificate.get());
        if (auto made = create(session, alias, certificate.get(), own_id); !made) {
            return made.error();
        }
    }
    for (const CK_OBJECT_HANDLE object : *old) {
        if (const error_code error = session.destroy(object)) {
            return error;
        }
    }
    return {};
}

}  // namespace hsmfront::certs
