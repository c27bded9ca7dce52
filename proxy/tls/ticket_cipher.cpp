#include "proxy/tls/ticket_cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <new>

namespace hsmfront::tls {
namespace {

constexpr int iv_size = 16;

bool set_key(EVP_MAC_CTX* mac, const TicketKey& key) {
    char digest[] = "SHA256";
    const auto part = key.hmac();
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(
            OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(part.data()), part.size()
        ),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

}  // namespace

TicketCipher::TicketCipher() : aes_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr)) {
    if (aes_ == nullptr) {
        throw std::bad_alloc();
    }
}

bool TicketCipher::begin_encryption(
    const TicketKey& key,
    unsigned char* name,
    unsigned char* iv,
    EVP_CIPHER_CTX* cipher,
    EVP_MAC_CTX* mac
) const {
    const auto own = key.name();
    std::copy(own.begin(), own.end(), name);
    return RAND_bytes(iv, iv_size) == 1 &&
           EVP_EncryptInit_ex2(cipher, aes_.get(), key.cipher().data(), iv, nullptr) == 1 &&
           set_key(mac, key);
}

bool TicketCipher::begin_decryption(
    const TicketKey& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac
) const {
    return set_key(mac, key) &&
           EVP_DecryptInit_ex2(cipher, aes_.get(), key.cipher().data(), iv, nullptr) == 1;
}

}  // namespace hsmfront::tls
