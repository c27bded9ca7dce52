// Resumption: what TLS sessions are resumed with.
#pragma once

#include "proxy/tls/session_cache.hpp"
#include "proxy/tls/ticket_cipher.hpp"
#include "proxy/tls/ticket_keys.hpp"

namespace hsmfront::tls {

/// One for all contexts of the process, over reloads too: else a reload, or another listener, would
/// cost each client a full handshake, which is a signature. What keeps sessions apart is their id
/// context (SSL_CTX_set_session_id_context(3)).
struct Resumption {
    TicketKeys tickets;
    TicketCipher cipher;
    SessionCache cache;

    /// Random ticket keys and no cache.
    explicit Resumption(std::chrono::milliseconds lifetime)
        : tickets(lifetime, TicketKeys::Clock::now()), cache(0) {}
};

}  // namespace hsmfront::tls
