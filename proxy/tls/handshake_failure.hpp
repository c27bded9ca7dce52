// HandshakeFailure: why a TLS handshake failed: a cause that is counted, and words for the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hsmfront::tls {

enum class HandshakeCause : std::uint8_t {
    plain_http,                      ///< HTTP/1 without TLS
    plain_http2,                     ///< HTTP/2 without TLS: "prior knowledge" (RFC 9113 §3.3)
    plain_text,                      ///< another protocol in clear: FTP, SMTP, SSH
    proxy_header,                    ///< a PROXY header that nobody asked for
    not_tls,                         ///< other bytes
    unsupported_version,             ///< no version of TLS in common
    no_shared_cipher,                ///< or none that fits our certificate
    no_shared_group,                 ///< no key exchange in common
    no_shared_signature_algorithm,   ///< none that our key can make (RFC 8446 §4.4.2.2)
    unknown_server_name,             ///< SNI named no host, and must
    no_shared_alpn,                  ///< RFC 7301 §3.2
    client_certificate_missing,      ///< and required
    client_certificate_untrusted,    ///< not from a CA that clients' certificates may come from
    client_certificate_expired,      ///< or not valid yet
    client_certificate_revoked,      ///
    client_certificate_not_allowed,  ///< good, but not on the list of those that may
    client_certificate_invalid,      ///< purpose, depth, signature, CRL…
    certificate_refused,             ///< the client does not want our certificate
    client_alert,                    ///< the client broke off for another reason that it told
    client_gone_before_hello,        ///< closed before its ClientHello was whole
    client_gone,                     ///< closed after it
    timed_out,                       ///< timeouts.handshake was over
    malformed,                       ///< TLS, but wrong
    hsm_busy,                        ///< hsm.queue_limit signatures were waiting
    hsm_away,                        ///< no token to sign with
    signature_failed,                ///< the token refused it
    signature_timed_out,             ///< the token took too long
    stopped,                         ///< the proxy is stopping
    internal,                        ///< ours
};

inline constexpr std::size_t handshake_cause_count =
    static_cast<std::size_t>(HandshakeCause::internal) + 1;

/// As metrics and logs name it: "plain_http".
[[nodiscard]] std::string_view label(HandshakeCause cause) noexcept;

struct HandshakeFailure {
    HandshakeCause cause = HandshakeCause::internal;
    std::string words;
};

/// The cause that a client certificate's verification (X509_V_ERR_...) is.
[[nodiscard]] HandshakeCause certificate_cause(int verification) noexcept;

/// `text`, which a client sent, in quotes and in printable ASCII: other bytes, quotes and
/// backslashes as \xNN. Cut after `longest` bytes.
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t longest = 64);

}  // namespace hsmfront::tls
