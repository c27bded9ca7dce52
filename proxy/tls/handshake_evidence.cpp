#include "proxy/tls/handshake_evidence.hpp"

#include "certs/errc.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/tls/clear_text.hpp"

#include <openssl/sslerr.h>

#include <algorithm>
#include <array>

namespace hsmfront::tls {
namespace {

using Cause = HandshakeCause;
using Found = std::optional<HandshakeFailure>;

struct CauseOf {
    int code;
    Cause cause;
};

template <std::size_t N>
std::optional<Cause> find(const std::array<CauseOf, N>& table, int code) {
    const auto found = std::find_if(table.begin(), table.end(), [code](const CauseOf& one) {
        return one.code == code;
    });
    return found == table.end() ? std::nullopt : std::optional(found->cause);
}

constexpr std::array reasons{
    CauseOf{SSL_R_UNSUPPORTED_PROTOCOL, Cause::unsupported_version},
    CauseOf{SSL_R_UNKNOWN_PROTOCOL, Cause::unsupported_version},
    CauseOf{SSL_R_VERSION_TOO_LOW, Cause::unsupported_version},
    CauseOf{SSL_R_NO_PROTOCOLS_AVAILABLE, Cause::unsupported_version},
    CauseOf{SSL_R_INAPPROPRIATE_FALLBACK, Cause::unsupported_version},
    CauseOf{SSL_R_NO_SHARED_CIPHER, Cause::no_shared_cipher},
    CauseOf{SSL_R_NO_SUITABLE_KEY_SHARE, Cause::no_shared_group},
    CauseOf{SSL_R_NO_SUITABLE_GROUPS, Cause::no_shared_group},
    CauseOf{SSL_R_NO_SHARED_GROUPS, Cause::no_shared_group},
    CauseOf{SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, Cause::no_shared_signature_algorithm},
    CauseOf{SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, Cause::no_shared_signature_algorithm},
    CauseOf{SSL_R_NO_APPLICATION_PROTOCOL, Cause::no_shared_alpn},
    CauseOf{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, Cause::client_certificate_missing},
};

/// Of alerts that we sent, where the reason is none of those above.
constexpr std::array sent_alerts{
    CauseOf{SSL_AD_UNEXPECTED_MESSAGE, Cause::malformed},
    CauseOf{SSL_AD_BAD_RECORD_MAC, Cause::malformed},
    CauseOf{SSL_AD_RECORD_OVERFLOW, Cause::malformed},
    CauseOf{SSL_AD_DECODE_ERROR, Cause::malformed},
    CauseOf{SSL_AD_DECRYPT_ERROR, Cause::malformed},
    CauseOf{SSL_AD_ILLEGAL_PARAMETER, Cause::malformed},
    CauseOf{SSL_AD_MISSING_EXTENSION, Cause::malformed},
    CauseOf{SSL_AD_UNSUPPORTED_EXTENSION, Cause::malformed},
    CauseOf{SSL_AD_HANDSHAKE_FAILURE, Cause::malformed},
    CauseOf{SSL_AD_PROTOCOL_VERSION, Cause::unsupported_version},
    CauseOf{SSL_AD_UNRECOGNIZED_NAME, Cause::unknown_server_name},
    CauseOf{SSL_AD_BAD_CERTIFICATE, Cause::client_certificate_invalid},
    CauseOf{SSL_AD_UNSUPPORTED_CERTIFICATE, Cause::client_certificate_invalid},
    CauseOf{SSL_AD_CERTIFICATE_UNKNOWN, Cause::client_certificate_invalid},
};

/// Alerts by which a client says that it does not want our certificate.
constexpr std::array certificate_alerts{
    SSL_AD_BAD_CERTIFICATE,
    SSL_AD_UNSUPPORTED_CERTIFICATE,
    SSL_AD_CERTIFICATE_REVOKED,
    SSL_AD_CERTIFICATE_EXPIRED,
    SSL_AD_CERTIFICATE_UNKNOWN,
    SSL_AD_UNKNOWN_CA,
    SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE};

std::string version_name(std::uint16_t version) {
    switch (version) {
        case 2:
            return "SSL 2";
        case SSL3_VERSION:
            return "SSL 3";
        case TLS1_VERSION:
            return "TLS 1.0";
        case TLS1_1_VERSION:
            return "TLS 1.1";
        case TLS1_2_VERSION:
            return "TLS 1.2";
        case TLS1_3_VERSION:
            return "TLS 1.3";
        default:
            return "version " + std::to_string(version >> 8U) + "." +
                   std::to_string(version & 0xffU);
    }
}

std::string versions_in_words(const HandshakeEvidence& seen) {
    std::string list;
    for (const std::uint16_t version : seen.signs.versions) {
        list += (list.empty() ? "" : ", ") + version_name(version);
    }
    const std::string oldest = version_name(static_cast<std::uint16_t>(seen.oldest_version));
    const std::string newest = version_name(static_cast<std::uint16_t>(seen.newest_version));
    return seen.words + "; the client offers " + (list.empty() ? "none" : list) +
           ", the server takes " + oldest + (oldest == newest ? "" : " to " + newest);
}

/// How far the handshake had come when nothing followed.
std::string progress(const HandshakeEvidence& seen) {
    if (seen.received == 0) {
        return "before it sent anything";
    }
    if (!seen.signs.hello) {
        return "after " + std::to_string(seen.received) +
               " bytes, before its ClientHello was whole";
    }
    return "after its ClientHello";
}

bool is_gone(const error_code& error) {
    using boost::system::errc::errc_t;
    return error == make_error_code(net::Errc::eof) ||
           error == make_error_code(net::Errc::truncated) || error == errc_t::connection_reset ||
           error == errc_t::broken_pipe || error == errc_t::connection_aborted;
}

/// The client stopped, or was stopped: no one broke TLS.
Found explain_silence(const HandshakeEvidence& seen) {
    if (seen.error == make_error_code(net::Errc::stopped)) {
        return HandshakeFailure{
            Cause::stopped, "ended by the proxy, or its transfer by the client"};
    }
    if (seen.error == make_error_code(net::Errc::timed_out)) {
        return HandshakeFailure{
            Cause::timed_out,
            "not done within " + std::to_string(seen.limit.count()) +
                " ms; the client fell silent " + progress(seen)};
    }
    if (is_gone(seen.error) || seen.reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return HandshakeFailure{
            seen.signs.hello ? Cause::client_gone : Cause::client_gone_before_hello,
            "the client left " + progress(seen)};
    }
    return std::nullopt;
}

/// The signature was asked for and not made.
HandshakeFailure explain_signature(const HandshakeEvidence& seen) {
    const error_code& error = seen.signature;
    if (is_gone(error)) {
        return {Cause::client_gone, "the client left before the HSM had signed"};
    }
    if (error == make_error_code(net::Errc::stopped) ||
        error == make_error_code(certs::Errc::stopped)) {
        return {Cause::stopped, "signature: " + error.message()};
    }
    if (error == make_error_code(net::Errc::timed_out)) {
        return {
            Cause::signature_timed_out,
            "signature: the HSM had not signed after " + std::to_string(seen.limit.count()) +
                " ms (timeouts.handshake)"};
    }
    Cause cause = Cause::signature_failed;
    if (error == make_error_code(certs::Errc::queue_full)) {
        cause = Cause::hsm_busy;
    } else if (error == make_error_code(certs::Errc::timed_out)) {
        cause = Cause::signature_timed_out;
    } else if (error == make_error_code(certs::Errc::token_unavailable)) {
        cause = Cause::hsm_away;
    }
    return {cause, "signature: " + error.message()};
}

std::string alert_name(int alert) {
    return "alert " + std::to_string(alert) + " (" + SSL_alert_desc_string_long(alert) + ")";
}

Found explain_alert(const HandshakeEvidence& seen) {
    const int alert = seen.reason - SSL_AD_REASON_OFFSET;
    if (alert < 0 || alert != seen.signs.alert_received) {
        return std::nullopt;
    }
    const auto* const end = certificate_alerts.end();
    if (std::find(certificate_alerts.begin(), end, alert) != end) {
        return HandshakeFailure{
            Cause::certificate_refused,
            "the client does not trust our certificate: it sent " + alert_name(alert)};
    }
    if (alert == SSL_AD_USER_CANCELLED) {
        return HandshakeFailure{Cause::client_gone, "the client gave up: " + alert_name(alert)};
    }
    return HandshakeFailure{Cause::client_alert, "the client sent " + alert_name(alert)};
}

Found explain_clear_start(const HandshakeEvidence& seen) {
    const auto& first = seen.signs.first;
    if (!first || seen.signs.hello || is_tls(*first)) {
        return std::nullopt;
    }
    return explain_clear_text(*first);
}

HandshakeFailure explain_tls(const HandshakeEvidence& seen) {
    if (seen.refusal) {
        return *seen.refusal;
    }
    std::optional<Cause> cause = find(reasons, seen.reason);
    if (!cause) {
        cause = find(sent_alerts, seen.signs.alert_sent);
    }
    if (cause == Cause::unsupported_version) {
        return {*cause, versions_in_words(seen)};
    }
    const std::string words = seen.words.empty() ? seen.error.message() : seen.words;
    return {cause.value_or(Cause::internal), words};
}

}  // namespace

HandshakeFailure explain(const HandshakeEvidence& evidence) {
    if (evidence.signature) {
        return explain_signature(evidence);
    }
    for (const auto step : {explain_silence, explain_alert, explain_clear_start}) {
        if (Found found = step(evidence)) {
            return *std::move(found);
        }
    }
    return explain_tls(evidence);
}

bool is_mismatch(HandshakeCause cause) noexcept {
    return cause == Cause::no_shared_cipher || cause == Cause::no_shared_group ||
           cause == Cause::no_shared_signature_algorithm;
}

}  // namespace hsmfront::tls
