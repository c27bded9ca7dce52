// ServiceStatus: what the running service tells of itself.
#pragma once

#include "certs/hsm.hpp"
#include "proxy/tls/handshake_counters.hpp"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
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

struct ServiceStatus {
    std::string version;
    std::chrono::seconds up_for{0};
    std::vector<ProtocolStatus> protocols;
    std::vector<HandshakeStatus> handshakes;
    std::vector<StapleStatus> staples;
    std::optional<certs::HsmStatus> hsm;  ///< once it was opened
    std::optional<ReloadStatus> last_reload;
    std::uint64_t reloads = 0;
    std::uint64_t reloads_failed = 0;
    std::size_t connections = 0;
    std::uint64_t refused_connections = 0;

    /// Why the service is not ready, empty if it is: a protocol serves, and if its key is in the
    /// HSM a token is up that made a signature within the last 30 s.
    [[nodiscard]] std::string not_ready() const;
};

[[nodiscard]] std::string_view name(ProtocolStatus::Phase phase);
[[nodiscard]] std::string_view name(certs::TokenStatus::State state);

/// For a terminal. `now` is for the days that certificates have left.
[[nodiscard]] std::string render(const ServiceStatus& status, std::time_t now);

}  // namespace hsmfront::admin
