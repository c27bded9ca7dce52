// Context: one immutable server-side SSL_CTX: certificates, keys, policy, tickets.
#pragma once

#include "certs/chain.hpp"
#include "certs/remote_key.hpp"
#include "config/settings.hpp"
#include "proxy/tls/client_trust.hpp"
#include "proxy/tls/resumption.hpp"

#include <openssl/ssl.h>

#include <chrono>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hsmfront::tls {

/// A certificate chain with its key: in a file, or elsewhere (HSM).
struct Identity {
    std::string alias;
    certs::Chain chain;
    std::variant<certs::EvpPkeyPtr, std::shared_ptr<certs::RemoteKey>> key;
};

/// Several contexts may serve the same.
using IdentityPtr = std::shared_ptr<const Identity>;

/// A certificate that is served, for logs and status.
struct CertificateInfo {
    std::string alias;
    std::string subject;  ///< RFC 2253
    std::string type;     ///< of its key: "RSA-2048", "P-256"
    std::time_t not_after = 0;
};

class Context;

/// Other identities for clients that ask for a name (SNI, RFC 6066 §3).
struct NamedContext {
    std::string name;  ///< lower case; "*.example.com" covers one label
    std::shared_ptr<const Context> context;
};

/// Shared by workers and sessions; a session keeps the one it began with.
class Context {
  public:
    struct Options {
        config::Tls tls;
        /// How long a session can be resumed.
        std::chrono::milliseconds ticket_lifetime = config::TlsTickets().lifetime;
        /// ALPN protocols in our order of preference.
        std::vector<std::string> alpn;
        /// Those of FTP data connections.
        std::vector<std::string> data_alpn = {};
        /// Gives TLS 1.2 clients without tickets a session id: for a cache, and for FTP, whose data
        /// connections resume their control connection by it.
        bool session_ids = false;
        /// Hands records over to the kernel, where it can.
        bool ktls = false;
        /// Separate sessions (SSL_CTX_set_session_id_context(3)): none resumes in another protocol,
        /// nor for another host. Equal on every node that shares our ticket keys.
        std::string protocol = {};
        std::string host = {};
        /// Searched by exact name, then by wildcard; a client that asks for none of them gets the
        /// identities of the context itself.
        std::vector<NamedContext> hosts = {};
        /// Shared with those whose sessions resume here, hosts among them. Null: one of its own,
        /// with random ticket keys.
        std::shared_ptr<Resumption> resumption = nullptr;
        /// Where those of other contexts are, to be shared; may be null.
        ClientTrusts* trusts = nullptr;
    };

    /// `identities` holds one, or an RSA and an EC one; none makes a context that is never
    /// available() and fails every handshake at once. Errors say which alias and why.
    [[nodiscard]] static certs::Loaded<std::shared_ptr<const Context>> create(
        const Options& options, const std::vector<IdentityPtr>& identities
    );

    [[nodiscard]] SSL_CTX* native() const noexcept { return ctx_.get(); }
    /// The host that `name`, in any case, names: exact before wildcard; null if none does. Valid as
    /// long as the context.
    [[nodiscard]] const NamedContext* find_host(std::string_view name) const;
    /// Its context; null likewise.
    [[nodiscard]] std::shared_ptr<const Context> host(std::string_view name) const;
    /// True if one of its own certificates, not of its hosts', is for `name` (X509_check_host(3)).
    [[nodiscard]] bool certifies(const std::string& name) const;
    /// True if names that are neither a host's nor certified are refused.
    [[nodiscard]] bool strict() const noexcept { return tls_.strict_sni; }
    /// Makes `ssl`, in its ClientHello, a connection of this context instead of `previous`:
    /// SSL_set_SSL_CTX(3) and what that leaves behind.
    void take_over(SSL* ssl, const Context& previous) const;
    [[nodiscard]] const std::shared_ptr<Resumption>& resumption() const noexcept {
        return resumption_;
    }
    [[nodiscard]] bool has_hosts() const noexcept { return !hosts_.empty(); }
    /// The wire format of ALPN's list, for connections of either kind.
    [[nodiscard]] const std::vector<unsigned char>& alpn(bool data_connection) const noexcept {
        return data_connection ? data_alpn_wire_ : alpn_wire_;
    }
    /// What client certificates are judged by; null if none are asked for.
    [[nodiscard]] const ClientTrust* client_trust() const noexcept { return client_trust_.get(); }
    /// True when a full handshake can be served now: false while the HSM that holds a key is away
    /// or its queue is full. Cheap.
    [[nodiscard]] bool available() const;
    /// What it serves, its hosts' included, for logs and status.
    [[nodiscard]] const std::vector<CertificateInfo>& certificates() const noexcept {
        return certificates_;
    }
    /// True when a key is signed for elsewhere, so that handshakes run as ASYNC jobs.
    [[nodiscard]] bool offloaded() const noexcept { return offloaded_; }

  private:
    Context() = default;
    friend struct ContextBuilder;

    using SslCtxPtr = std::unique_ptr<SSL_CTX, certs::Deleter<SSL_CTX_free>>;
    config::Tls tls_;
    std::shared_ptr<const ClientTrust> client_trust_;
    std::shared_ptr<Resumption> resumption_;
    SslCtxPtr ctx_;
    std::vector<certs::X509Ptr> leaves_;
    std::vector<unsigned char> alpn_wire_;
    std::vector<unsigned char> data_alpn_wire_;
    std::vector<CertificateInfo> certificates_;
    std::vector<std::shared_ptr<certs::RemoteKey>> remote_keys_;
    std::vector<NamedContext> hosts_;
    bool offloaded_ = false;
};

}  // namespace hsmfront::tls
