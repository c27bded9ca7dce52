#include "proxy/tls/client_offer.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace hsmfront::tls {
namespace {

constexpr int longest = 32;

struct SignatureName {
    int code;
    std::string_view name;
};

/// SignatureScheme, RFC 8446 §4.2.3.
constexpr std::array<SignatureName, 16> signature_names{
    {{0x0401, "rsa_pkcs1_sha256"},
     {0x0501, "rsa_pkcs1_sha384"},
     {0x0601, "rsa_pkcs1_sha512"},
     {0x0403, "ecdsa_secp256r1_sha256"},
     {0x0503, "ecdsa_secp384r1_sha384"},
     {0x0603, "ecdsa_secp521r1_sha512"},
     {0x0804, "rsa_pss_rsae_sha256"},
     {0x0805, "rsa_pss_rsae_sha384"},
     {0x0806, "rsa_pss_rsae_sha512"},
     {0x0807, "ed25519"},
     {0x0808, "ed448"},
     {0x0809, "rsa_pss_pss_sha256"},
     {0x080a, "rsa_pss_pss_sha384"},
     {0x080b, "rsa_pss_pss_sha512"},
     {0x0201, "rsa_pkcs1_sha1"},
     {0x0203, "ecdsa_sha1"}}};

std::string hexadecimal(int code) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "0x";
    for (int shift = 12; shift >= 0; shift -= 4) {
        text += digits[static_cast<std::size_t>(code >> shift) & 15U];
    }
    return text;
}

std::string signature_name(int code) {
    const auto* const known =
        std::find_if(signature_names.begin(), signature_names.end(), [code](const auto& one) {
            return one.code == code;
        });
    if (known != signature_names.end()) {
        return std::string(known->name);
    }
    return hexadecimal(code);
}

std::string ciphers(const STACK_OF(SSL_CIPHER) * offered) {
    std::string list;
    for (int i = 0; i < std::min(longest, sk_SSL_CIPHER_num(offered)); ++i) {
        list += (list.empty() ? "" : ":");
        list += SSL_CIPHER_get_name(sk_SSL_CIPHER_value(offered, i));
    }
    return list.empty() ? "none" : list;
}

std::string groups(SSL* ssl) {
    std::vector<int> offered(static_cast<std::size_t>(std::max(0L, SSL_get1_groups(ssl, nullptr))));
    static_cast<void>(SSL_get1_groups(ssl, offered.data()));
    std::string list;
    for (std::size_t i = 0; i < std::min<std::size_t>(longest, offered.size()); ++i) {
        const char* name = SSL_group_to_name(ssl, offered[i]);
        list += (list.empty() ? "" : ":");
        list += name != nullptr ? std::string(name) : hexadecimal(offered[i] & 0xffff);
    }
    return list.empty() ? "none" : list;
}

std::string signatures(SSL* ssl) {
    unsigned char low = 0;
    unsigned char high = 0;
    const int count = SSL_get_sigalgs(ssl, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
    std::string list;
    for (int i = 0; i < std::min(longest, count); ++i) {
        if (SSL_get_sigalgs(ssl, i, nullptr, nullptr, nullptr, &low, &high) == 0) {
            break;
        }
        list += (list.empty() ? "" : ":") + signature_name(high << 8 | low);
    }
    return list.empty() ? "none" : list;
}

}  // namespace

std::string client_offer(SSL* ssl) {
    return "the client offers ciphers " + ciphers(SSL_get_client_ciphers(ssl)) + ", groups " +
           groups(ssl) + ", signature algorithms " + signatures(ssl) +
           "; the server takes ciphers " + ciphers(SSL_get_ciphers(ssl));
}

}  // namespace hsmfront::tls
