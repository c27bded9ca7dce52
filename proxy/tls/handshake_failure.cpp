#include "proxy/tls/handshake_failure.hpp"

#include <openssl/x509_vfy.h>

#include <algorithm>
#include <array>

namespace hsmfront::tls {
namespace {

using Cause = HandshakeCause;

constexpr std::array<std::string_view, handshake_cause_count> labels{
    "plain_http",
    "plain_http2",
    "plain_text",
    "proxy_header",
    "not_tls",
    "unsupported_version",
    "no_shared_cipher",
    "no_shared_group",
    "no_shared_signature_algorithm",
    "unknown_server_name",
    "no_shared_alpn",
    "client_certificate_missing",
    "client_certificate_untrusted",
    "client_certificate_expired",
    "client_certificate_revoked",
    "client_certificate_not_allowed",
    "client_certificate_invalid",
    "certificate_refused",
    "client_alert",
    "client_gone_before_hello",
    "client_gone",
    "timed_out",
    "malformed",
    "hsm_busy",
    "hsm_away",
    "signature_failed",
    "signature_timed_out",
    "stopped",
    "internal"};

struct Verdict {
    int code;
    Cause cause;
};

/// Of client certificates (X509_STORE_CTX_get_error(3)).
constexpr std::array verdicts{
    Verdict{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, Cause::client_certificate_untrusted},
    Verdict{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, Cause::client_certificate_untrusted},
    Verdict{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, Cause::client_certificate_untrusted},
    Verdict{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, Cause::client_certificate_untrusted},
    Verdict{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, Cause::client_certificate_untrusted},
    Verdict{X509_V_ERR_CERT_UNTRUSTED, Cause::client_certificate_untrusted},
    Verdict{X509_V_ERR_CERT_HAS_EXPIRED, Cause::client_certificate_expired},
    Verdict{X509_V_ERR_CERT_NOT_YET_VALID, Cause::client_certificate_expired},
    Verdict{X509_V_ERR_CERT_REVOKED, Cause::client_certificate_revoked},
    Verdict{X509_V_ERR_APPLICATION_VERIFICATION, Cause::client_certificate_not_allowed},
};

}  // namespace

std::string_view label(HandshakeCause cause) noexcept {
    return labels[static_cast<std::size_t>(cause)];
}

HandshakeCause certificate_cause(int verification) noexcept {
    const auto* const found =
        std::find_if(verdicts.begin(), verdicts.end(), [verification](const Verdict& one) {
            return one.code == verification;
        });
    return found == verdicts.end() ? Cause::client_certificate_invalid : found->cause;
}

std::string in_quotes(std::string_view text, std::size_t longest) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string result = "\"";
    for (const char c : text.substr(0, longest)) {
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
            result += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        result += "\\x";
        result += hex[byte >> 4U];
        result += hex[byte & 15U];
    }
    return result + (text.size() > longest ? "...\"" : "\"");
}

}  // namespace hsmfront::tls
