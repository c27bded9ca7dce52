#include "certs/token_objects.hpp"

#include "certs/ckr.hpp"
#include "certs/errc.hpp"
#include "certs/public_key.hpp"

#include <openssl/err.h>

#include <cstring>

namespace hsmfront::certs {
namespace {

Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A token without an attribute is no failure; one that is gone is.
bool serious(const error_code& error) { return ckr_class(error) != CkrClass::request; }

/// A public key object's numbers, or those a private key repeats.
Result<EvpPkeyPtr> key_from_object(const Session& session, CK_OBJECT_HANDLE object, KeyType type) {
    const bool rsa = type == KeyType::rsa;
    const auto first = session.attribute(object, rsa ? CKA_MODULUS : CKA_EC_PARAMS);
    if (!first) {
        return serious(first.error()) ? Result<EvpPkeyPtr>(first.error()) : EvpPkeyPtr();
    }
    const auto second = session.attribute(object, rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT);
    if (!second) {
        return serious(second.error()) ? Result<EvpPkeyPtr>(second.error()) : EvpPkeyPtr();
    }
    switch (type) {
        case KeyType::rsa:
            return rsa_public_key(*first, *second);
        case KeyType::ec:
            return ec_public_key(*first, *second);
        case KeyType::ed25519:
            break;
    }
    return ed25519_public_key(*second);
}

X509Ptr certificate_from(Bytes der) {
    const unsigned char* position = der.data();
    X509Ptr certificate(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
    ERR_clear_error();
    return certificate;
}

Result<EvpPkeyPtr> key_from_certificate(const Session& session, CK_OBJECT_HANDLE object) {
    const auto der = session.attribute(object, CKA_VALUE);
    if (!der) {
        return serious(der.error()) ? Result<EvpPkeyPtr>(der.error()) : EvpPkeyPtr();
    }
    const X509Ptr certificate = certificate_from(*der);
    return EvpPkeyPtr(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
}

/// The one object of `kind` with the private key's CKA_ID; without an id, with its label.
/// Several or none: 0 (CK_INVALID_HANDLE).
Result<CK_OBJECT_HANDLE> companion(
    const Session& session, CK_OBJECT_CLASS kind, Bytes id, const std::string& alias
) {
    const CK_ATTRIBUTE link =
        id.empty() ? attribute_of(CKA_LABEL, bytes_of(alias)) : attribute_of(CKA_ID, id);
    const auto found = session.find({attribute_of(CKA_CLASS, kind), link}, 2);
    if (!found) {
        return found.error();
    }
    return found->size() == 1 ? found->front() : CK_OBJECT_HANDLE{0};
}

}  // namespace

Result<CK_OBJECT_HANDLE> find_private_key(const Session& session, const std::string& alias) {
    CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
    const auto found =
        session.find({attribute_of(CKA_CLASS, kind), attribute_of(CKA_LABEL, bytes_of(alias))}, 2);
    if (!found) {
        return found.error();
    }
    if (found->empty()) {
        return Errc::key_not_found;
    }
    if (found->size() > 1) {
        return Errc::key_ambiguous;
    }
    return found->front();
}

Result<KeyType> key_type(const Session& session, CK_OBJECT_HANDLE key) {
    const auto bytes = session.attribute(key, CKA_KEY_TYPE);
    if (!bytes) {
        return bytes.error();
    }
    CK_KEY_TYPE type = 0;
    if (bytes->size() == sizeof(type)) {
        std::memcpy(&type, bytes->data(), sizeof(type));
        switch (type) {
            case CKK_RSA:
                return KeyType::rsa;
            case CKK_EC:
                return KeyType::ec;
            case CKK_EC_EDWARDS:
                return KeyType::ed25519;
            default:
                break;
        }
    }
    return Errc::key_unsupported;
}

Result<EvpPkeyPtr> find_public_half(
    const Session& session, CK_OBJECT_HANDLE key, const std::string& alias, KeyType type
) {
    const auto id_attribute = session.attribute(key, CKA_ID);
    const Bytes id = id_attribute ? Bytes(*id_attribute) : Bytes();
    for (const CK_OBJECT_CLASS kind : {CKO_PUBLIC_KEY, CKO_CERTIFICATE}) {
        const auto object = companion(session, kind, id, alias);
        if (!object) {
            return object.error();
        }
        if (*object == 0) {
            continue;
        }
        auto found = kind == CKO_PUBLIC_KEY ? key_from_object(session, *object, type)
                                            : key_from_certificate(session, *object);
        if (!found || *found) {
            return found;
        }
    }
    return key_from_object(session, key, type);
}

Result<std::vector<X509Ptr>> find_certificates(const Session& session, const std::string& alias) {
    constexpr std::size_t longest_chain = 16;
    CK_OBJECT_CLASS kind = CKO_CERTIFICATE;
    const auto objects = session.find(
        {attribute_of(CKA_CLASS, kind), attribute_of(CKA_LABEL, bytes_of(alias))}, longest_chain
    );
    if (!objects) {
        return objects.error();
    }
    std::vector<X509Ptr> certificates;
    for (const CK_OBJECT_HANDLE object : *objects) {
        const auto der = session.attribute(object, CKA_VALUE);
        if (!der) {
            return der.error();
        }
        if (auto certificate = certificate_from(*der)) {
            certificates.push_back(std::move(certificate));
        }
    }
    return certificates;
}

}  // namespace hsmfront::certs
