// SessionCallbacks: which TLS sessions are resumed, and what is written into tickets.
#pragma once

#include "proxy/tls/resumption.hpp"

#include <openssl/ssl.h>

namespace hsmfront::tls {

/// A client may resume by ticket (RFC 5077, RFC 8446) or, in TLS 1.2, by session id, which is
/// looked for in the cache. Both are bound to the control session on FTP data connections: tickets
/// by the tag in them, ids because the only session that a data connection finds is that of its
/// control connection; its own is never cached.
struct SessionCallbacks {
    /// Installs the callbacks for all connections of `ctx`, which `resumption` outlives. `ids`:
    /// clients without tickets are given session ids.
    static void install(SSL_CTX* ctx, Resumption& resumption, bool ids);

  private:
    static int ticket_key(
        SSL* ssl,
        unsigned char* name,
        unsigned char* iv,
        EVP_CIPHER_CTX* cipher,
        EVP_MAC_CTX* mac,
        int encrypt
    );
    static int generate(SSL* ssl, void* argument);
    static SSL_TICKET_RETURN decrypted(
        SSL* ssl,
        SSL_SESSION* session,
        const unsigned char* key_name,
        std::size_t key_name_length,
        SSL_TICKET_STATUS status,
        void* argument
    );
    static int store(SSL* ssl, SSL_SESSION* session);
    static SSL_SESSION* find(SSL* ssl, const unsigned char* id, int length, int* copy);
    static void remove(SSL_CTX* ctx, SSL_SESSION* session);
};

}  // namespace hsmfront::tls
