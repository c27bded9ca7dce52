// TicketCallbacks: writes the session tag into tickets and compares it when one comes back.
#pragma once

#include <openssl/ssl.h>

namespace hsmfront::tls {

/// See SSL_CTX_set_session_ticket_cb(3).
struct TicketCallbacks {
    /// Installs the callbacks for all connections of `ctx`.
    static void install(SSL_CTX* ctx);

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
};

}  // namespace hsmfront::tls
