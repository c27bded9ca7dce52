// Crl: certificate revocation lists in files (RFC 5280 §5).
#pragma once

#include "certs/chain.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace hsmfront::certs {

using X509CrlPtr = std::unique_ptr<X509_CRL, Deleter<X509_CRL_free>>;

/// Reads the CRLs of `file`: any number in PEM, or one in DER. Errc: file_unreadable,
/// file_malformed (none in it, or not parseable).
[[nodiscard]] Loaded<std::vector<X509CrlPtr>> read_crls(const std::filesystem::path& file);

/// The one of `authorities` that signed `crl`, or null.
[[nodiscard]] X509* signer_of(X509_CRL* crl, const std::vector<X509Ptr>& authorities);

/// True if one of `authorities` has the name of the issuer of `crl`.
[[nodiscard]] bool names_issuer_of(const X509_CRL* crl, const std::vector<X509Ptr>& authorities);

/// The issuer of `crl` (RFC 2253).
[[nodiscard]] std::string issuer_of(const X509_CRL* crl);

}  // namespace hsmfront::certs
