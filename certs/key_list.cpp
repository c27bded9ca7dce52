#include "certs/key_list.hpp"

#include "certs/errc.hpp"

#include <algorithm>

namespace hsmfront::certs {
namespace {

constexpr std::size_t most_keys = 10'000;

std::string type_name(const Result<KeyType>& type) {
    if (!type) {
        return type.error() == Errc::key_unsupported ? "other" : "?";
    }
    switch (*type) {
        case KeyType::rsa:
            return "RSA";
        case KeyType::ec:
            return "EC";
        case KeyType::ed25519:
            break;
    }
    return "Ed25519";
}

ListedKey read_key(const Session& session, CK_OBJECT_HANDLE handle) {
    ListedKey key;
    if (const auto label = session.attribute(handle, CKA_LABEL)) {
        key.alias.assign(label->begin(), label->end());
    }
    if (auto id = session.attribute(handle, CKA_ID)) {
        key.id = std::move(*id);
    }
    const auto type = key_type(session, handle);
    key.type = type_name(type);
    if (type) {
        if (auto half = find_public_half(session, handle, key.alias, *type); half && *half) {
            key.public_key = std::move(*half);
            key.type = describe_key(key.public_key.get());
        }
    }
    key.protection = protection_of(session, handle);
    return key;
}

}  // namespace

Result<std::vector<ListedKey>> list_keys(const Session& session) {
    CK_OBJECT_CLASS kind = CKO_PRIVATE_KEY;
    const auto handles = session.find({attribute_of(CKA_CLASS, kind)}, most_keys);
    if (!handles) {
        return handles.error();
    }
    std::vector<ListedKey> keys;
    for (const CK_OBJECT_HANDLE handle : *handles) {
        keys.push_back(read_key(session, handle));
    }
    std::sort(keys.begin(), keys.end(), [](const ListedKey& a, const ListedKey& b) {
        return a.alias < b.alias;
    });
    return keys;
}

}  // namespace hsmfront::certs
