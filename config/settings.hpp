// Settings: the whole configuration as plain, validated, immutable structs.
// The default of a field is the default of its YAML key; the key names are those of
// config/hsmfront.yaml, which documents each of them.
#pragma once

#include "config/tls_settings.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hsmfront::config {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// An address and port to bind or to connect to. `address` is an IPv4 or IPv6 literal
/// for listeners; for backends a host name is allowed too. "::" listens on both families.
struct Endpoint {
    std::string address;
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// Where the PIN (Hsm.keystorePassword) comes from. At most one member is set; none: it is
/// asked for at the terminal.
struct PinSource {
    std::optional<std::string> value;
    std::optional<std::filesystem::path> file;
    std::optional<std::string> env;
    std::optional<std::string> credential;  ///< name below $CREDENTIALS_DIRECTORY (systemd)

    [[nodiscard]] bool configured() const { return value || file || env || credential; }

    friend bool operator==(const PinSource&, const PinSource&) = default;
};

/// Another token that holds the same keys under the same aliases.
struct HsmToken {
    std::string token;             ///< label or URI
    std::filesystem::path module;  ///< empty: Hsm::module
    PinSource pin;                 ///< none configured: that of Hsm::pin

    friend bool operator==(const HsmToken&, const HsmToken&) = default;
};

struct Hsm {
    std::filesystem::path module;  ///< PKCS#11 library; empty: no HSM configured
    std::string token;             ///< token label or RFC 7512 pkcs11: URI
    PinSource pin;
    milliseconds pin_timeout = 60s;
    std::size_t signers = 8;         ///< parallel PKCS#11 sessions, 1–256
    milliseconds sign_timeout = 5s;  ///< a handshake whose signature takes longer fails
    std::size_t queue_limit = 1024;  ///< handshakes waiting for a signer
    std::vector<HsmToken> failover;  ///< used, in this order, while `token` is away

    friend bool operator==(const Hsm&, const Hsm&) = default;
};

struct Backend {
    Endpoint endpoint;

    friend bool operator==(const Backend&, const Backend&) = default;
};

/// How a backend is chosen among several.
enum class Balance { round_robin, least_connections };

/// HTTP backends that serve the same content.
struct HttpBackends {
    std::vector<Endpoint> servers;  ///< none: those of the section around
    Balance balance = Balance::round_robin;

    [[nodiscard]] bool configured() const { return !servers.empty(); }

    friend bool operator==(const HttpBackends&, const HttpBackends&) = default;
};

/// What differs for clients that ask for one host name (SNI, RFC 6066 §3; HOST, RFC 7151).
struct Host {
    std::string name;                  ///< lower case; "*.example.com" covers one label
    std::vector<std::string> aliases;  ///< one, or two for an RSA + EC pair
    std::optional<Backend> backend = std::nullopt;  ///< none: that of the protocol; FTP only
    HttpBackends backends = {};                     ///< none: those of the protocol; HTTP only
    TlsPolicy tls = {};                             ///< laid over all others

    friend bool operator==(const Host&, const Host&) = default;
};

/// `count` events in each `per`; a zero `count` means no limit.
struct Rate {
    std::size_t count = 0;
    milliseconds per = 1s;

    friend bool operator==(const Rate&, const Rate&) = default;
};

enum class FtpTlsMode { explicit_tls, implicit_tls };

struct FtpListener {
    Endpoint endpoint;
    FtpTlsMode tls = FtpTlsMode::explicit_tls;
    TlsPolicy::ClientCertificates client_certificate = {};  ///< laid over that of the protocol

    friend bool operator==(const FtpListener&, const FtpListener&) = default;
};

struct PortRange {
    std::uint16_t first = 50000;
    std::uint16_t last = 50999;

    friend bool operator==(const PortRange&, const PortRange&) = default;
};

/// Version of the PROXY protocol that tells a backend the client's address.
enum class ProxyVersion { none, v1, v2 };

/// What FTP backends are told, on connections that we open to them.
struct FtpProxyProtocol {
    ProxyVersion control = ProxyVersion::none;
    ProxyVersion data = ProxyVersion::none;

    friend bool operator==(const FtpProxyProtocol&, const FtpProxyProtocol&) = default;
};

/// Which commands go to the backend. An entry is a command ("DELE") or a command and the first word
/// of its argument ("SITE CHMOD"), upper case.
struct FtpCommands {
    std::vector<std::string> allow;  ///< empty: all but those of `deny`
    std::vector<std::string> deny;

    friend bool operator==(const FtpCommands&, const FtpCommands&) = default;
};

/// What slows down the guessing of passwords.
struct FtpLogin {
    std::size_t attempts = 3;          ///< refused logins that end a session, 1–100
    milliseconds delay = 1s;           ///< before a refusal is passed on, 0–30 s
    Rate failures_per_address{0, 1s};  ///< beyond it new connections are answered with 421

    friend bool operator==(const FtpLogin&, const FtpLogin&) = default;
};

/// Who opens the data connections between the backend and us.
enum class BackendData {
    passive,  ///< we: EPSV, or PASV where the backend refuses it
    active    ///< the backend: EPRT, or PORT where the backend refuses it
};

/// Whether a data connection must resume the TLS session of its control connection.
enum class SessionReuse { off, accept, require };

/// The address in PASV replies to some clients.
struct PassiveRule {
    std::vector<std::string> clients;  ///< networks (CIDR)
    std::string address;               ///< as FtpData::passive_address

    friend bool operator==(const PassiveRule&, const PassiveRule&) = default;
};

struct FtpData {
    PortRange passive_ports;
    /// Address advertised in PASV replies; empty: the one the client dialled ("auto").
    std::string passive_address;
    std::vector<PassiveRule> passive_rules;  ///< the first that matches goes before passive_address
    SessionReuse session_reuse = SessionReuse::accept;
    /// An upload that ends without close_notify is a truncation (Ftp.Ssl.requireCloseNotify).
    bool require_close_notify = true;
    BackendData backend = BackendData::passive;

    friend bool operator==(const FtpData&, const FtpData&) = default;
};

struct FtpTimeouts {
    milliseconds handshake = 10s;
    milliseconds login = 60s;
    milliseconds idle = 5min;
    milliseconds data_connect = 30s;
    milliseconds data_stall = 2min;

    friend bool operator==(const FtpTimeouts&, const FtpTimeouts&) = default;
};

struct Ftp {
    bool enabled = false;
    bool hsm_enabled = true;           ///< Ftp.Hsm.enabled: key in the HSM; false: <alias>.key
    std::vector<std::string> aliases;  ///< SSL key alias; two give an RSA + EC pair
    std::vector<Host> hosts;
    TlsPolicy tls;  ///< laid over Settings::tls
    std::vector<FtpListener> listen;
    Backend backend;
    FtpProxyProtocol proxy_protocol;  ///< to the backend
    std::string
        greeting;  ///< text of the 220 greeting; empty: ours, or the backend's where relayed
    bool require_tls_control = true;
    bool require_tls_data = true;
    bool allow_ccc = false;
    FtpCommands commands;
    FtpLogin login;
    FtpData data;
    FtpTimeouts timeouts;

    friend bool operator==(const Ftp&, const Ftp&) = default;
};

struct HttpTimeouts {
    milliseconds handshake = 10s;
    milliseconds header = 30s;
    milliseconds idle = 75s;
    milliseconds backend_connect = 5s;
    milliseconds backend_response = 5min;
    milliseconds stall = 2min;

    friend bool operator==(const HttpTimeouts&, const HttpTimeouts&) = default;
};

/// What one HTTP/2 connection may ask of us; beyond it the connection is closed with
/// ENHANCE_YOUR_CALM (RFC 9113 §10.5). Rates are of one connection.
struct Http2Limits {
    std::size_t streams = 128;       ///< open at a time (SETTINGS_MAX_CONCURRENT_STREAMS)
    std::size_t window = 262'144;    ///< bytes of a request's content taken in advance
    Rate resets{200, 10s};           ///< streams ended by RST_STREAM, the client's or ours
    Rate pings{100, 10s};            ///< PING and SETTINGS together
    Rate empty_frames{200, 10s};     ///< DATA without content or end, PRIORITY, unknown
    std::size_t continuations = 16;  ///< CONTINUATION frames of one header block

    friend bool operator==(const Http2Limits&, const Http2Limits&) = default;
};

struct HttpLimits {
    std::size_t header = 65'536;        ///< bytes of request line and fields together
    std::size_t headers = 128;          ///< number of fields
    std::optional<std::uint64_t> body;  ///< bytes; none: no limit
    Http2Limits http2;

    friend bool operator==(const HttpLimits&, const HttpLimits&) = default;
};

struct Forwarded {
    std::vector<std::string> trust;  ///< networks (CIDR) whose forwarding fields are believed
    bool client_cert = true;         ///< emit Client-Cert (RFC 9440) for a verified certificate
    bool x_forwarded = true;         ///< emit X-Forwarded-For/-Proto/-Host/-Port
    bool forwarded = true;           ///< emit Forwarded (RFC 7239)

    friend bool operator==(const Forwarded&, const Forwarded&) = default;
};

/// Requests whose path begins with `path`, at a segment's end, on `host`. What names the host goes
/// before what covers it by a wildcard or covers every host, then the longest path is taken.
struct HttpRoute {
    std::string host;       ///< as Host::name; empty: every host
    std::string path{"/"};  ///< "/api" covers /api, /api/x and /api?x, not /apix
    HttpBackends backends{};

    friend bool operator==(const HttpRoute&, const HttpRoute&) = default;
};

/// Connections to one backend server.
struct HttpConnections {
    std::size_t max = 0;              ///< of all workers at a time; 0: no limit
    std::size_t queue = 1'024;        ///< requests that wait for one; beyond it 503
    milliseconds queue_timeout = 5s;  ///< then 503
    std::size_t idle = 256;           ///< kept open by each worker
    milliseconds idle_time = 30s;     ///< below the usual servers' own

    friend bool operator==(const HttpConnections&, const HttpConnections&) = default;
};

/// When a backend server gets no requests.
struct HttpHealth {
    std::string path;  ///< asked with GET; 2xx and 3xx are healthy; empty: not asked
    milliseconds interval = 5s;
    milliseconds timeout = 2s;
    std::size_t rise = 2;  ///< good checks in a row that bring a server back, 1–100
    std::size_t fall = 3;  ///< bad checks, or failed requests, in a row that take it out, 1–100
    milliseconds pause = 10s;    ///< without checks: how long failed requests take it out
    milliseconds slow_start{0};  ///< time in which a server that came back gets its share again

    friend bool operator==(const HttpHealth&, const HttpHealth&) = default;
};

struct HttpListener {
    Endpoint endpoint;
    TlsPolicy::ClientCertificates client_certificate = {};  ///< laid over that of the protocol

    friend bool operator==(const HttpListener&, const HttpListener&) = default;
};

struct Http {
    bool enabled = false;
    bool hsm_enabled = true;  ///< Http.Hsm.enabled
    std::vector<std::string> aliases;
    std::vector<Host> hosts;
    TlsPolicy tls;  ///< laid over Settings::tls
    std::vector<HttpListener> listen;
    std::vector<Endpoint> redirect;  ///< plain ports that answer 308 to https
    HttpBackends backends;           ///< of `backend` or `backends`, and `balance`
    std::vector<HttpRoute> routes;
    HttpConnections connections;
    HttpHealth health;
    milliseconds resolve = 30s;  ///< how long the addresses of a backend's name are believed
    ProxyVersion proxy_protocol =
        ProxyVersion::none;  ///< to the backends (`backend.proxy_protocol`)
    bool http2 = true;
    bool websocket = true;  ///< pass on Upgrade: websocket (RFC 6455); never any other upgrade
    std::chrono::seconds hsts{0};  ///< max-age of Strict-Transport-Security; 0: none sent
    Forwarded forwarded;
    HttpTimeouts timeouts;
    HttpLimits limits;

    friend bool operator==(const Http&, const Http&) = default;
};

struct Limits {
    std::size_t connections = 20000;
    std::size_t per_address = 1000;
    Rate handshakes_per_address{0, 1s};
    std::optional<std::uint64_t> memory = {};  ///< bytes that are resident; nothing: no limit

    friend bool operator==(const Limits&, const Limits&) = default;
};

/// Connections from `accept_from` must begin with a PROXY header, others are never looked at for
/// one.
struct ProxyProtocol {
    std::vector<std::string> accept_from;  ///< networks (CIDR)
    milliseconds timeout = 5s;             ///< for the header

    friend bool operator==(const ProxyProtocol&, const ProxyProtocol&) = default;
};

enum class LogFormat { text, json };

/// In place of a path: lines go to syslog.
inline constexpr const char* to_syslog = "syslog";

/// One line for each HTTP request.
struct AccessLog {
    /// "-": where the log goes; to_syslog; empty: requests are not logged
    std::filesystem::path file;
    LogFormat format = LogFormat::text;

    [[nodiscard]] bool enabled() const { return !file.empty(); }

    friend bool operator==(const AccessLog&, const AccessLog&) = default;
};

/// Where a syslog daemon takes datagrams.
struct Syslog {
    std::filesystem::path path = "/dev/log";  ///< unix socket; empty: `endpoint`
    Endpoint endpoint;                        ///< UDP (RFC 5426)
    std::string facility = "daemon";          ///< its name in RFC 5424 §6.2.1 and syslog(3)

    friend bool operator==(const Syslog&, const Syslog&) = default;
};

struct Log {
    /// The parts of the program whose lines may have a level of their own.
    static constexpr std::array components{"admin", "ftp", "hsm", "http", "net", "runtime", "tls"};

    std::string level = "info";                 ///< trace | debug | info | warn | error
    std::map<std::string, std::string> levels;  ///< by component, over `level`
    LogFormat format = LogFormat::text;
    std::filesystem::path file;  ///< empty: stderr; or to_syslog
    Rate repeats{100, 1s};       ///< of lines of one kind; 0: no limit
    Syslog syslog;
    AccessLog access;

    friend bool operator==(const Log&, const Log&) = default;
};

/// Where metrics, health and the status page are served; one of the two, or none.
struct AdminListen {
    std::filesystem::path path;  ///< unix socket
    Endpoint endpoint;

    [[nodiscard]] bool enabled() const { return !path.empty() || endpoint.port != 0; }

    friend bool operator==(const AdminListen&, const AdminListen&) = default;
};

struct Admin {
    std::filesystem::path socket;  ///< unix socket for commands; empty: none
    AdminListen listen;
    bool remote = false;  ///< `listen` may be an address that other hosts reach

    friend bool operator==(const Admin&, const Admin&) = default;
};

/// What the process denies itself from its start on, the HSM's module within it included.
struct Sandbox {
    bool seccomp = true;    ///< system calls that nothing here needs (seccomp(2))
    bool landlock = false;  ///< files that the configuration does not name (landlock(7))
    std::vector<std::filesystem::path> read;   ///< what Landlock allows to read and execute as well
    std::vector<std::filesystem::path> write;  ///< and what may be read and written

    friend bool operator==(const Sandbox&, const Sandbox&) = default;
};

struct Settings {
    Hsm hsm;
    std::filesystem::path certificates;  ///< directory of <alias>.pem and <alias>.key
    TlsSection tls;
    std::size_t workers = 0;  ///< 0: one per core ("auto")
    std::string user;         ///< dropped to after binding; empty: stay
    Ftp ftp;
    Http http;
    Limits limits;
    ProxyProtocol proxy_protocol;
    Admin admin;
    Sandbox sandbox;
    Log log;
    milliseconds delay{0};  ///< shutdown.delay: not ready, but still accepting
    milliseconds drain = std::chrono::minutes{10};  ///< shutdown.drain
    milliseconds retire = std::chrono::hours{24};   ///< shutdown.retire: after an upgrade, no drain

    /// True when an enabled protocol takes its key from the HSM.
    [[nodiscard]] bool needs_hsm() const {
        return (ftp.enabled && ftp.hsm_enabled) || (http.enabled && http.hsm_enabled);
    }

    friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace hsmfront::config
