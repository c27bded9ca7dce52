// SessionCallbacks: which TLS sessions are resumed, and what is written into tickets.
#pragma once

#include <openssl/ssl.h>

namespace hsmfront::tls {

/// A client may resume by ticket (RFC 5077, RFC 8446) or, in TLS 1.2, by session id. Both are bound
/// to the control session on FTP data connections: tickets by the tag in them, ids because the only
/// session that is ever found by its id is that of the control connection. There is no cache.
struct SessionCallbacks {
    /// Installs the callbacks for all connections of `ctx`. `ids`: clients without tickets are
    /// given session ids.
    static void install(SSL_CTX* ctx, bool ids);

  private:
    static int generate(SSL* ssl, void* argument);
    static SSL_TICKET_RETURN decrypted(
        SSL* ssl,
        SSL_SESSION* session,
        const unsigned char* key_name,
        std::size_t key_name_length,
        SSL_TICKET_STATUS status,
        void* argument
    );
    static SSL_SESSION* find(SSL* ssl, const unsigned char* id, int length, int* copy);
};

}  // namespace hsmfront::tls
