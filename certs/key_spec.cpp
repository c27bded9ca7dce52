#include "certs/key_spec.hpp"

#include <algorithm>
#include <array>
#include <strings.h>
#include <utility>

namespace hsmfront::certs {
namespace {

constexpr std::array<std::uint8_t, 10> p256{
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 7> p384{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
/// id-Ed25519 (RFC 8410 §3). PKCS#11 3.0 allows the name "edwards25519" as well, which SoftHSM 2.6
/// leaks at each use.
constexpr std::array<std::uint8_t, 5> ed25519{0x06, 0x03, 0x2b, 0x65, 0x70};

constexpr std::array specs{
    KeySpec{"rsa:2048", KeyType::rsa, 2048, CKM_RSA_PKCS_KEY_PAIR_GEN, {}},
    KeySpec{"rsa:3072", KeyType::rsa, 3072, CKM_RSA_PKCS_KEY_PAIR_GEN, {}},
    KeySpec{"rsa:4096", KeyType::rsa, 4096, CKM_RSA_PKCS_KEY_PAIR_GEN, {}},
    KeySpec{"ec:P-256", KeyType::ec, 256, CKM_EC_KEY_PAIR_GEN, p256},
    KeySpec{"ec:P-384", KeyType::ec, 384, CKM_EC_KEY_PAIR_GEN, p384},
    KeySpec{"ed25519", KeyType::ed25519, 255, CKM_EC_EDWARDS_KEY_PAIR_GEN, ed25519},
};

bool same_word(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::span<const KeySpec> key_specs() noexcept { return specs; }

const KeySpec* find_key_spec(std::string_view name) noexcept {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 2> synonyms{
        {{"ec:prime256v1", "ec:P-256"}, {"ec:secp384r1", "ec:P-384"}}};
    for (const auto& [synonym, own] : synonyms) {
        name = same_word(name, synonym) ? own : name;
    }
    const auto* found = std::find_if(specs.begin(), specs.end(), [name](const KeySpec& spec) {
        return same_word(spec.name, name);
    });
    return found == specs.end() ? nullptr : found;
}

std::string describe_key(EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1) {
        return "RSA " + std::to_string(EVP_PKEY_get_bits(key));
    }
    if (EVP_PKEY_is_a(key, "ED25519") == 1) {
        return "Ed25519";
    }
    std::array<char, 64> group{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1) {
        constexpr std::array<std::pair<std::string_view, std::string_view>, 3> names{
            {{"prime256v1", "P-256"}, {"secp384r1", "P-384"}, {"secp521r1", "P-521"}}};
        const std::string_view name(group.data(), size);
        const auto* found = std::find_if(names.begin(), names.end(), [name](const auto& pair) {
            return pair.first == name;
        });
        return "EC " + std::string(found == names.end() ? name : found->second);
    }
    const char* type = EVP_PKEY_get0_type_name(key);
    return type != nullptr ? type : "unknown";
}

}  // namespace hsmfront::certs
