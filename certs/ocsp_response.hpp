// OCSP (RFC 6960): what is asked about a certificate of ours, and whether an answer may be served.
#pragma once

#include "certs/chain.hpp"

#include <openssl/ocsp.h>

#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hsmfront::certs {

using OcspRequestPtr = std::unique_ptr<OCSP_REQUEST, Deleter<OCSP_REQUEST_free>>;

/// Largest response that is read, in bytes. With a delegated responder's chain in it one has 3 KiB.
inline constexpr std::size_t largest_ocsp_response = 64U << 10U;

/// A response that says "good" and was verified.
struct OcspResponse {
    std::vector<unsigned char> der;
    std::time_t this_update = 0;
    /// When it ends. Without nextUpdate (RFC 6960 §4.2.2.1) it is taken to hold for a day, as
    /// browsers do.
    std::time_t next_update = 0;
    bool ends = true;  ///< nextUpdate is in it
};

/// How a response was judged.
struct OcspVerdict {
    std::optional<OcspResponse> response;  ///< may be served; else `why` says why not
    bool revoked = false;                  ///< it says so, and it can be believed
    std::string why;
};

/// The certificate of `chain` whose key signed the leaf, the leaf itself where it is self-signed;
/// null if it is not there. Valid as long as the chain.
[[nodiscard]] X509* find_issuer(const Chain& chain);

/// The URL of the responder for `leaf` (RFC 5280 §4.2.2.1): the first of http, else the first;
/// empty if it names none.
[[nodiscard]] std::string ocsp_responder(X509* leaf);

/// The certificate demands that its server staples (RFC 7633, TLS feature status_request).
[[nodiscard]] bool must_staple(const X509* leaf);

/// A request about `leaf`, without nonce so that a responder may answer what it signed before
/// (RFC 5019 §4). Null when OpenSSL refuses.
[[nodiscard]] OcspRequestPtr make_ocsp_request(const X509* leaf, const X509* issuer);

/// Takes `der` for an answer about `leaf`: whole, successful, signed by `issuer` or by a responder
/// that it delegated to (RFC 6960 §4.2.2.2), good, and in force at `now`; clocks may differ by 5
/// minutes where a time lies ahead.
[[nodiscard]] OcspVerdict verify_ocsp_response(
    std::span<const unsigned char> der, X509* leaf, X509* issuer, std::time_t now
);

/// A response in a file, DER or PEM ("OCSP RESPONSE"), as DER, not verified. Errc:
/// file_unreadable, file_malformed.
[[nodiscard]] Loaded<std::vector<unsigned char>> read_ocsp_file(const std::filesystem::path& file);

}  // namespace hsmfront::certs
