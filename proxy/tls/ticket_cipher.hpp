// TicketCipher: tickets are encrypted and signed with a key of the ring (RFC 5077 §4).
#pragma once

#include "certs/handle.hpp"
#include "proxy/tls/ticket_ring.hpp"

#include <openssl/evp.h>

#include <memory>

namespace hsmfront::tls {

/// AES-256-CBC and HMAC-SHA256; the cipher is fetched once. Any thread.
class TicketCipher {
  public:
    /// Throws std::bad_alloc if OpenSSL has no AES.
    TicketCipher();

    // The contexts are those that SSL_CTX_set_tlsext_ticket_key_evp_cb(3) hands out.

    /// Sets both up to write a ticket, whose name and random IV (16 bytes) it fills in.
    [[nodiscard]] bool begin_encryption(
        const TicketKey& key,
        unsigned char* name,
        unsigned char* iv,
        EVP_CIPHER_CTX* cipher,
        EVP_MAC_CTX* mac
    ) const;
    /// Sets both up to read one.
    [[nodiscard]] bool begin_decryption(
        const TicketKey& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac
    ) const;

  private:
    std::unique_ptr<EVP_CIPHER, certs::Deleter<EVP_CIPHER_free>> aes_;
};

}  // namespace hsmfront::tls
