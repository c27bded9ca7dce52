// ControlBinding: what FTP data connections take over from their control connection.
#pragma once

#include "proxy/tls/context.hpp"
#include "proxy/tls/kept_rings.hpp"
#include "proxy/tls/session_tag.hpp"

#include <memory>
#include <string>

namespace hsmfront::tls {

/// Taken when the control connection's handshake is done (Stream::binding()); holds until the next
/// one, after CCC too.
struct ControlBinding {
    /// Whose certificate is shown, whatever SNI a data connection sends (RFC 4217 §15.1.1).
    std::shared_ptr<const Context> context;
    /// In all tickets of the control session.
    SessionTag tag;
    /// The control session itself, for clients that resume it by its id: TLS 1.2 only, else null.
    std::shared_ptr<SSL_SESSION> session = nullptr;
    /// Keys of the control session's tickets.
    std::shared_ptr<KeptRings> kept_rings = nullptr;
    /// False: TLS 1.2 without the extended master secret. Such a session can be made to have the
    /// keys of another (triple handshake), so resuming it proves nothing (RFC 7627 §5.3).
    bool extended_master_secret = true;
    /// Fingerprint of the client's certificate, or empty; the same on data connections
    /// (RFC 4217 §15.1.2).
    std::string client = {};
};

}  // namespace hsmfront::tls
