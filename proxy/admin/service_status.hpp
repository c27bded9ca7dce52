// ServiceStatus: what the running service tells of itself.
#pragma once

#include "certs/hsm.hpp"
#include "proxy/admin/latency_history.hpp"
#include "proxy/admin/process_status.hpp"
#include "proxy/admin/session_status.hpp"
#include "proxy/tls/handshake_counters.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hsmfront::admin {

/// A certificate that is served.
struct CertificateStatus {
    std::string alias;
    std::string subject;
    std::string type;  ///< of its key: "RSA-2048", "P-256"
    std::time_t not_after = 0;
};

struct ProtocolStatus {
    enum class Phase {
        starting,
        waiting_pin,  ///< an operator is asked for the PIN; its ports do not listen
        away,         ///< its ports listen, the HSM does not answer: no handshake succeeds
        up,
        down  ///< does not serve; `reason` says why
    };

    std::string name;  ///< "ftp", "http"
    Phase phase = Phase::starting;
    std::string reason;
    bool hsm = false;  ///< its key is in the HSM
    std::vector<CertificateStatus> certificates;
};

/// The handshakes of one kind of connection.
struct HandshakeStatus {
    std::string protocol;  ///< "ftp", "ftp-data", "http"
    tls::HandshakeTotals totals;
};

/// The OCSP response that is stapled for a certificate.
struct StapleStatus {
    std::string alias;
    std::time_t next_update = 0;  ///< 0: there is none
    bool required = false;        ///< the certificate demands one (must-staple)
    std::string problem;          ///< why there is none, or why it is not renewed; empty: none
};

/// A reload, and how it ended.
struct ReloadStatus {
    std::chrono::system_clock::time_point at;
    bool ok = false;
    std::string message;
};

/// Connections that a limit refused.
struct LimitStatus {
    std::string limit;  ///< its key below "limits"
    std::uint64_t refused = 0;
};

/// What a class of status is called, by its first digit; the first: no answer.
inline constexpr std::array<std::string_view, 6> status_classes{
    "none", "1xx", "2xx", "3xx", "4xx", "5xx"};

/// What became of HTTPS, since the start.
struct HttpStatus {
    std::uint64_t connections = 0;
    std::array<std::uint64_t, 6> requests{};  ///< by the first digit of the status; 0: no answer
    std::uint64_t received = 0;               ///< bytes of content
    std::uint64_t sent = 0;
    certs::Histogram durations;
    std::uint64_t http2_connections = 0;
    std::uint64_t http2_malformed = 0;
    std::uint64_t http2_resets = 0;
    std::vector<std::pair<std::string, std::uint64_t>>
        http2_limits;  ///< connections ended, by which

    [[nodiscard]] std::uint64_t all_requests() const;
};

/// What became of FTPS, since the start.
struct FtpStatus {
    struct Transfers {
        std::string kind;  ///< "download", "upload", "listing"
        std::uint64_t complete = 0;
        std::uint64_t failed = 0;
        std::uint64_t bytes = 0;
    };
    std::uint64_t sessions = 0;
    std::uint64_t refused_logins = 0;
    std::vector<Transfers> transfers;
};

/// An HTTP backend server.
struct BackendStatus {
    std::string name;  ///< "address:port"
    bool up = false;
    std::size_t active = 0;  ///< requests that are with it
    std::uint64_t requests = 0;
    std::uint64_t failures = 0;
    std::uint64_t retries = 0;
    std::uint64_t queue_waits = 0;
    double busy_seconds = 0;  ///< sum of the requests' durations
};

struct ServiceStatus {
    std::string version;
    bool draining = false;
    std::chrono::seconds up_for{0};
    std::vector<ProtocolStatus> protocols;
    std::vector<HandshakeStatus> handshakes;
    std::vector<StapleStatus> staples;
    std::optional<certs::HsmStatus> hsm;  ///< once it was opened
    std::optional<ReloadStatus> last_reload;
    std::uint64_t reloads = 0;
    std::uint64_t reloads_failed = 0;
    std::size_t connections = 0;
    std::optional<SessionStatus> sessions;  ///< only where they were asked for
    std::vector<LimitStatus> limits;
    HttpStatus http;
    FtpStatus ftp;
    std::vector<BackendStatus> backends;
    ProcessStatus process;
    LatencyHistory latency;
    std::uint64_t dropped_log_lines = 0;

    [[nodiscard]] std::uint64_t refused() const;
    /// Why the service is not ready, empty if it is: it is not told to stop, a protocol serves, and
    /// if its key is in the HSM a token is up that made a signature within the last 30 s.
    [[nodiscard]] std::string not_ready() const;
};

[[nodiscard]] std::string_view name(ProtocolStatus::Phase phase);
[[nodiscard]] std::string_view name(certs::TokenStatus::State state);

/// For a terminal. `now` is for the days that certificates have left.
[[nodiscard]] std::string render(const ServiceStatus& status, std::time_t now);

}  // namespace hsmfront::admin
