#include "certs/key_pair.hpp"

#include "certs/ckr.hpp"
#include "certs/errc.hpp"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hsmfront::certs {
namespace {

using Id = std::array<std::uint8_t, SHA_DIGEST_LENGTH>;

constexpr std::size_t most_objects = 64;

Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

Failure token_failure(const std::string& what, const error_code& error) {
    const bool away = ckr_class(error) == CkrClass::generation;
    return Failure{
        away ? error_code(Errc::token_unavailable) : error, what + ": " + error.message()};
}

/// SHA-1 of the BIT STRING subjectPublicKey, which certificates repeat as key identifier.
Id id_of(EVP_PKEY* key) {
    X509_PUBKEY* spki = nullptr;
    const unsigned char* bits = nullptr;
    int size = 0;
    Id id{};
    if (X509_PUBKEY_set(&spki, key) == 1 &&
        X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, spki) == 1) {
        SHA1(bits, static_cast<std::size_t>(size), id.data());
    }
    X509_PUBKEY_free(spki);
    return id;
}

bool flag(const Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool unknown) {
    const auto value = session.attribute(object, type);
    return value && value->size() == sizeof(CK_BBOOL) ? value->front() != CK_FALSE : unknown;
}

/// Attribute values that the templates of C_GenerateKeyPair point to.
struct Template {
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ULONG bits = 0;
    std::array<std::uint8_t, 3> exponent{0x01, 0x00, 0x01};
};

std::vector<CK_ATTRIBUTE> public_template(
    Template& values, const KeySpec& spec, const std::string& alias, const Id& id
) {
    std::vector<CK_ATTRIBUTE> attributes{
        attribute_of(CKA_TOKEN, values.yes),
        attribute_of(CKA_PRIVATE, values.no),
        attribute_of(CKA_VERIFY, values.yes),
        attribute_of(CKA_LABEL, bytes_of(alias)),
        attribute_of(CKA_ID, Bytes(id))};
    if (spec.type == KeyType::rsa) {
        values.bits = spec.bits;
        attributes.push_back(attribute_of(CKA_ENCRYPT, values.no));
        attributes.push_back(attribute_of(CKA_WRAP, values.no));
        attributes.push_back(attribute_of(CKA_MODULUS_BITS, values.bits));
        attributes.push_back(attribute_of(CKA_PUBLIC_EXPONENT, Bytes(values.exponent)));
    } else {
        attributes.push_back(attribute_of(CKA_EC_PARAMS, spec.curve));
    }
    return attributes;
}

std::vector<CK_ATTRIBUTE> private_template(
    Template& values, const KeySpec& spec, const std::string& alias, const Id& id
) {
    std::vector<CK_ATTRIBUTE> attributes{
        attribute_of(CKA_TOKEN, values.yes),
        attribute_of(CKA_PRIVATE, values.yes),
        attribute_of(CKA_SENSITIVE, values.yes),
        attribute_of(CKA_EXTRACTABLE, values.no),
        attribute_of(CKA_SIGN, values.yes),
        attribute_of(CKA_LABEL, bytes_of(alias)),
        attribute_of(CKA_ID, Bytes(id))};
    if (spec.type == KeyType::rsa) {
        attributes.push_back(attribute_of(CKA_DECRYPT, values.no));
        attributes.push_back(attribute_of(CKA_UNWRAP, values.no));
    } else {
        attributes.push_back(attribute_of(CKA_DERIVE, values.no));
    }
    return attributes;
}

bool offers(const Module& module, const Token& token, const KeySpec& spec) {
    CK_MECHANISM_INFO info{};
    return module.call().C_GetMechanismInfo(token.slot, spec.generator, &info) == CKR_OK &&
           (info.flags & CKF_GENERATE_KEY_PAIR) != 0 &&
           // Tokens give the size of Edwards curves as 255, as 256 or not at all.
           (spec.type == KeyType::ed25519 ||
            (info.ulMinKeySize <= spec.bits && spec.bits <= info.ulMaxKeySize));
}

/// The proof of a new key, and its final CKA_ID. A token that lets no one change the id keeps the
/// random one, which serves as well: it is the same on both halves.
Loaded<std::shared_ptr<const TokenKey>> prove(
    const AdminToken& token,
    const Session& session,
    const Session::KeyPair& pair,
    const std::string& alias
) {
    const KeyProtection protection = protection_of(session, pair.private_key);
    if (!protection.sensitive || protection.extractable) {
        return Failure{
            Errc::key_unsupported,
            std::string("the token made the key ") +
                (protection.extractable ? "extractable" : "not sensitive") +
                " although it was told otherwise; the key is deleted again"};
    }
    auto key = token.find_key(alias);
    if (!key) {
        return Failure{key.error().code, key.error().message + "; the new key is deleted again"};
    }
    const Id id = id_of((*key)->public_key.get());
    if (!session.change(pair.public_key, attribute_of(CKA_ID, Bytes(id))) &&
        session.change(pair.private_key, attribute_of(CKA_ID, Bytes(id)))) {
        const auto old = session.attribute(pair.private_key, CKA_ID);
        if (old) {
            (void)session.change(pair.public_key, attribute_of(CKA_ID, Bytes(*old)));
        }
    }
    return key;
}

Result<std::vector<CK_OBJECT_HANDLE>> labelled(
    const Session& session, CK_OBJECT_CLASS kind, const std::string& alias
) {
    return session.find(
        {attribute_of(CKA_CLASS, kind), attribute_of(CKA_LABEL, bytes_of(alias))}, most_objects
    );
}

/// Destroys `objects` and counts them.
error_code destroy_all(
    const Session& session, const std::vector<CK_OBJECT_HANDLE>& objects, std::size_t& count
) {
    for (const CK_OBJECT_HANDLE object : objects) {
        if (const error_code error = session.destroy(object)) {
            return error;
        }
        ++count;
    }
    return {};
}

/// Public keys of `alias`: by the private key's id where it has one, and by label.
Result<std::vector<CK_OBJECT_HANDLE>> public_keys(
    const Session& session, CK_OBJECT_HANDLE private_key, const std::string& alias
) {
    auto found = labelled(session, CKO_PUBLIC_KEY, alias);
    const auto id = session.attribute(private_key, CKA_ID);
    if (!found || !id || id->empty()) {
        return found;
    }
    CK_OBJECT_CLASS kind = CKO_PUBLIC_KEY;
    const auto same_id = session.find(
        {attribute_of(CKA_CLASS, kind), attribute_of(CKA_ID, Bytes(*id))}, most_objects
    );
    if (!same_id) {
        return same_id.error();
    }
    found->insert(found->end(), same_id->begin(), same_id->end());
    std::sort(found->begin(), found->end());
    found->erase(std::unique(found->begin(), found->end()), found->end());
    return found;
}

}  // namespace

KeyProtection protection_of(const Session& session, CK_OBJECT_HANDLE private_key) {
    return {
        .sensitive = flag(session, private_key, CKA_SENSITIVE, false),
        .extractable = flag(session, private_key, CKA_EXTRACTABLE, true),
        .never_extractable = flag(session, private_key, CKA_NEVER_EXTRACTABLE, false)};
}

Loaded<void> check_alias(const std::string& alias) {
    const bool odd = std::any_of(alias.begin(), alias.end(), [](char c) {
        return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (alias.empty() || alias.size() > 64 || alias.front() == '.' || odd) {
        return Failure{
            Errc::key_unsupported,
            "an alias has 1 to 64 bytes, no '/', no control character and no dot at its start: it "
            "names files too"};
    }
    return {};
}

Result<std::string> what_holds(const Session& session, const std::string& alias) {
    const auto objects = session.find({attribute_of(CKA_LABEL, bytes_of(alias))}, most_objects);
    if (!objects) {
        return objects.error();
    }
    constexpr std::array<std::pair<CK_OBJECT_CLASS, const char*>, 4> names{
        {{CKO_PRIVATE_KEY, "a private key"},
         {CKO_PUBLIC_KEY, "a public key"},
         {CKO_CERTIFICATE, "a certificate"},
         {CKO_SECRET_KEY, "a secret key"}}};
    std::string text;
    std::size_t named = 0;
    for (const auto& [kind, name] : names) {
        const auto found = labelled(session, kind, alias);
        if (found && !found->empty()) {
            text += (text.empty() ? "" : ", ") + std::string(name);
            named += found->size();
        }
    }
    if (named < objects->size()) {
        text += (text.empty() ? "" : ", ") + std::string("another object");
    }
    return text;
}

Loaded<void> check_generation(const Module& module, const Token& token, const KeySpec& spec) {
    if (offers(module, token, spec)) {
        return {};
    }
    std::string offered;
    for (const KeySpec& other : key_specs()) {
        if (offers(module, token, other)) {
            offered += (offered.empty() ? "" : ", ") + std::string(other.name);
        }
    }
    return Failure{
        Errc::key_unsupported,
        "token '" + token.label + "' cannot make a key of type " + std::string(spec.name) +
            (offered.empty() ? ", nor any other that TLS can use; make it with the vendor's tools"
                             : "; it can make " + offered)};
}

Loaded<std::shared_ptr<const TokenKey>> generate_key(
    const AdminToken& token, const std::string& alias, const KeySpec& spec
) {
    auto session = token.open_read_write();
    if (!session) {
        return token_failure("opening a session that may write", session.error());
    }
    Template values;
    Id id{};
    if (RAND_bytes(id.data(), static_cast<int>(id.size())) != 1) {
        return Failure{Errc::signature_failed, "OpenSSL has no random bytes"};
    }
    const auto pair = session->generate(
        {spec.generator, nullptr, 0},
        public_template(values, spec, alias, id),
        private_template(values, spec, alias, id)
    );
    if (!pair) {
        return token_failure("C_GenerateKeyPair", pair.error());
    }
    auto key = prove(token, *session, *pair, alias);
    if (!key) {
        (void)session->destroy(pair->private_key);
        (void)session->destroy(pair->public_key);
    }
    return key;
}

Loaded<Deleted> delete_key(const AdminToken& token, const std::string& alias, bool certificates) {
    auto session = token.open_read_write();
    if (!session) {
        return token_failure("opening a session that may write", session.error());
    }
    const auto handle = find_private_key(*session, alias);
    if (!handle) {
        return token_failure("alias '" + alias + "'", handle.error());
    }
    const auto public_halves = public_keys(*session, *handle, alias);
    if (!public_halves) {
        return token_failure("alias '" + alias + "'", public_halves.error());
    }
    Deleted deleted;
    error_code error = destroy_all(*session, {*handle}, deleted.private_keys);
    error = error ? error : destroy_all(*session, *public_halves, deleted.public_keys);
    if (!error && certificates) {
        const auto found = labelled(*session, CKO_CERTIFICATE, alias);
        error = found ? destroy_all(*session, *found, deleted.certificates) : found.error();
    }
    if (error) {
        return token_failure("C_DestroyObject", error);
    }
    return deleted;
}

}  // namespace hsmfront::certs
