// TlsSettings: the TLS policy as it is written, in layers, and as it results for one listener and
// host name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hsmfront::config {

/// What Mozilla recommends for servers, guideline 5.7. `compatible` is its "old" without what
/// breaks our rules: TLS below 1.2 (RFC 8996) and RSA key exchange, which would need the key to
/// decrypt.
enum class TlsProfile { modern, intermediate, compatible };

enum class TlsVersion { tls1_2, tls1_3 };

enum class ClientCertificateMode {
    none,
    request,  ///< one that is shown must be good
    require
};

/// Client certificates that are let in, of those that verify. One hit in one list is enough; all
/// lists empty: every certificate.
struct ClientAllowList {
    std::vector<std::string> subjects;      ///< whole subject (RFC 2253)
    std::vector<std::string> names;         ///< a SAN: DNS name, e-mail address, URI or IP address
    std::vector<std::string> fingerprints;  ///< SHA-256, 64 lower-case hexadecimal digits

    [[nodiscard]] bool empty() const {
        return subjects.empty() && names.empty() && fingerprints.empty();
    }

    friend bool operator==(const ClientAllowList&, const ClientAllowList&) = default;
};

/// Which client certificates are asked for and believed.
struct ClientCertificate {
    ClientCertificateMode mode = ClientCertificateMode::none;
    std::filesystem::path ca;                ///< PEM; needed unless the mode is none
    std::vector<std::filesystem::path> crl;  ///< PEM or DER; empty: revocation is not checked
    bool accept_expired_crl = false;         ///< a CRL beyond its nextUpdate is believed
    std::size_t depth = 5;  ///< CA certificates between the client's and one in `ca`, 0–100
    ClientAllowList allow;

    friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

/// One layer of the policy: what is not given is that of the layer below.
struct TlsPolicy {
    std::optional<TlsProfile> profile;
    std::optional<TlsVersion> min_version;
    std::optional<std::string> ciphers;
    std::optional<std::string> ciphersuites;
    std::optional<std::string> groups;
    std::optional<std::string> signature_algorithms;
    std::optional<bool> server_preference;
    std::optional<bool> strict_sni;
    struct ClientCertificates {
        std::optional<ClientCertificateMode> mode;
        std::optional<std::filesystem::path> ca;
        std::optional<std::vector<std::filesystem::path>> crl;
        std::optional<bool> accept_expired_crl;
        std::optional<std::size_t> depth;
        std::optional<std::vector<std::string>> subjects;
        std::optional<std::vector<std::string>> names;
        std::optional<std::vector<std::string>> fingerprints;

        friend bool operator==(const ClientCertificates&, const ClientCertificates&) = default;
    } client_certificate;

    friend bool operator==(const TlsPolicy&, const TlsPolicy&) = default;
};

/// The policy that connections of one listener, to one host name, get.
struct Tls {
    TlsVersion min_version = TlsVersion::tls1_2;
    std::string ciphers;               ///< of TLS 1.2 (openssl-ciphers(1))
    std::string ciphersuites;          ///< of TLS 1.3 (SSL_CTX_set_ciphersuites(3))
    std::string groups;                ///< SSL_CTX_set1_groups_list(3)
    std::string signature_algorithms;  ///< SSL_CTX_set1_sigalgs_list(3)
    bool server_preference = false;    ///< our order of ciphers decides, not the client's
    bool strict_sni = false;           ///< a name that we do not know is refused (RFC 6066 §3)
    ClientCertificate client_certificate;

    /// The defaults of `profile`.
    explicit Tls(TlsProfile profile = TlsProfile::intermediate);

    friend bool operator==(const Tls&, const Tls&) = default;
};

/// Lays `layers` over the defaults, the most general first. A layer's profile replaces what more
/// general layers say about what profiles are made of, its other keys replace single values.
[[nodiscard]] Tls resolve_tls(std::span<const TlsPolicy* const> layers);

struct TlsTickets {
    /// Files of 80-byte keys, the newest first, or one folder of such; none: random keys, rotated.
    std::vector<std::filesystem::path> keys;
    std::chrono::milliseconds lifetime =
        std::chrono::hours{4};  ///< 1 min – 7 days (RFC 8446 §4.6.1)

    friend bool operator==(const TlsTickets&, const TlsTickets&) = default;
};

/// Where OCSP responses for our own certificates come from (RFC 6066 §8).
enum class StaplingMode {
    off,
    file,  ///< <alias>.ocsp beside the chain
    fetch  ///< that file if it is there, else the certificate's OCSP responder is asked
};

struct TlsStapling {
    StaplingMode mode = StaplingMode::file;
    std::string responder;  ///< http URL; empty: that in the certificate (AIA, RFC 5280 §4.2.2.1)

    friend bool operator==(const TlsStapling&, const TlsStapling&) = default;
};

/// The section `tls`.
struct TlsSection {
    TlsPolicy policy;
    TlsTickets tickets;
    std::uint64_t session_cache = 0;  ///< bytes for TLS 1.2 sessions found by id; 0: none are kept
    TlsStapling stapling;
    bool fips = false;  ///< cryptography by OpenSSL's FIPS provider only
    bool ktls = false;  ///< records are the kernel's work, where it can

    friend bool operator==(const TlsSection&, const TlsSection&) = default;
};

}  // namespace hsmfront::config
