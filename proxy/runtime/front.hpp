// Front: the bound ports, and what serves the connections that come in through them.
#pragma once

#include "config/settings.hpp"
#include "proxy/admin/service_status.hpp"
#include "proxy/ftp/service.hpp"
#include "proxy/http/service.hpp"
#include "proxy/net/port_range.hpp"
#include "proxy/runtime/contexts.hpp"
#include "proxy/runtime/inherited_sockets.hpp"
#include "proxy/runtime/protocol.hpp"
#include "proxy/runtime/worker.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <vector>

namespace hsmfront::runtime {

/// Connections accepted after `publish` are served with what was published last; those before keep
/// what they began with. One thread at a time; the services themselves live on the workers.
class Front {
  public:
    explicit Front(std::span<const std::unique_ptr<Worker>> workers);

    enum class Kind { ftps, https, redirect };

    /// One configured listener: its acceptors until connections are accepted, the first for the
    /// first worker and so on, then the first worker again.
    struct Listener {
        Kind kind;
        std::size_t index;  ///< in the configuration's list
        config::Endpoint endpoint;
        std::uint64_t id;  ///< stays the same while its port is bound
        std::vector<net::Acceptor> acceptors;
    };
    using Listeners = std::vector<Listener>;

    /// Of these, those that are bound to a configured address are taken in place of new ones.
    void inherit(InheritedSockets sockets) { inherited_ = std::move(sockets); }
    /// Nothing more can be taken, by anyone.
    [[nodiscard]] std::vector<std::string> close_inherited() { return inherited_.close_rest(); }
    /// A unix socket among them.
    [[nodiscard]] net::Descriptor take_inherited(const std::filesystem::path& path) {
        return inherited_.take(path);
    }
    [[nodiscard]] net::Descriptor take_inherited(const config::Endpoint& endpoint);
    /// Nothing is accepted before release(), whatever is published.
    void hold() { held_ = true; }
    void release();
    /// All that are bound, once more, for another process. Waits for the workers, but not for ever.
    [[nodiscard]] Result<std::vector<net::Descriptor>> sockets();

    /// Binds every port of `protocol` without listening on any. On failure none stays bound.
    [[nodiscard]] certs::Loaded<void> bind(const config::Settings& settings, Protocol protocol);
    [[nodiscard]] bool bound(Protocol protocol) const { return listeners_.contains(protocol); }
    /// Binds what `settings` want beyond the ports that are bound. On failure nothing has changed.
    [[nodiscard]] certs::Loaded<Listeners> bind_more(
        const config::Settings& settings, Protocol protocol
    );
    /// `next`, of bind_more(), are the ports from now on, whose connections publish() accepts. On
    /// others nothing more is accepted; what came in there is served still.
    void rebind(Protocol protocol, Listeners next);
    /// Gives up every port of `protocol`, as rebind() does, and what served it once the last
    /// session has ended. A client behind a balancer whose PROXY header is not there yet is
    /// refused.
    void close(Protocol protocol);

    /// Serves new connections of `protocol`, whose ports are bound, with `settings` and `contexts`.
    /// Begins to listen where it does not yet, which can fail.
    [[nodiscard]] certs::Loaded<void> publish(
        Protocol protocol,
        const std::shared_ptr<const config::Settings>& settings,
        const ListenerContexts& contexts
    );

    /// Counted since the start. From any thread.
    [[nodiscard]] std::vector<admin::HandshakeStatus> handshakes() const;
    [[nodiscard]] admin::HttpStatus http_status() const;
    [[nodiscard]] admin::FtpStatus ftp_status() const;
    /// As they are now. From any thread.
    [[nodiscard]] std::vector<admin::BackendStatus> backend_status() const;

  private:
    /// The present services of one worker; read and written on its thread. What they counted may
    /// be read from any.
    struct Present {
        std::shared_ptr<ftp::Service> ftp;
        std::shared_ptr<http::Service> http;
        std::map<std::uint64_t, std::size_t> index;  ///< of listeners in the configuration, by id
        const std::shared_ptr<ftp::Traffic> ftp_traffic = std::make_shared<ftp::Traffic>();
        const std::shared_ptr<http::Traffic> http_traffic = std::make_shared<http::Traffic>();
    };

    [[nodiscard]] static Listeners listeners_of(
        const config::Settings& settings, Protocol protocol
    );
    void publish_ftp(
        const Listeners& listeners,
        const std::shared_ptr<const config::Settings>& settings,
        const ListenerContexts& contexts,
        const std::shared_ptr<const net::Balancers>& balancers
    );
    void publish_http(
        const Listeners& listeners, const std::shared_ptr<const http::Snapshot>& snapshot
    );
    [[nodiscard]] static certs::Loaded<void> listen(Listeners& listeners);
    [[nodiscard]] static Serve serve(
        Kind kind, std::uint64_t id, const std::shared_ptr<Present>& present
    );
    void start_accepting(Listeners& listeners);
    /// What publish() has to do with the services of each worker, in one step.
    template <class Update>
    void update(const Listeners& listeners, const Update& services);

    [[nodiscard]] certs::Loaded<std::vector<net::Acceptor>> acceptors_for(
        const config::Endpoint& endpoint
    );

    const std::span<const std::unique_ptr<Worker>> workers_;
    InheritedSockets inherited_;
    bool held_ = false;
    std::set<Protocol> published_;
    std::vector<std::shared_ptr<Present>> present_;  ///< one for each worker
    std::map<Protocol, Listeners> listeners_;
    std::uint64_t last_id_ = 0;
    std::shared_ptr<net::PortRange> passive_ports_;
    config::PortRange passive_range_;
    std::shared_ptr<ftp::LoginThrottle> logins_;
    mutable std::mutex mutex_;  ///< of the next
    std::shared_ptr<http::BackendBoard> http_backends_;
    using Counters = std::shared_ptr<tls::HandshakeCounters>;
    const Counters ftp_handshakes_ = std::make_shared<tls::HandshakeCounters>();
    const Counters ftp_data_handshakes_ = std::make_shared<tls::HandshakeCounters>();
    const Counters http_handshakes_ = std::make_shared<tls::HandshakeCounters>();
};

}  // namespace hsmfront::runtime
