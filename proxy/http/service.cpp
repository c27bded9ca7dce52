// Service: connections of the HTTPS listeners and of the plain redirect ports.
#include "proxy/http/service.hpp"

#include "proxy/http/access_entry.hpp"
#include "proxy/http/backend_set.hpp"
#include "proxy/http/errors.hpp"
#include "proxy/http/http1_session.hpp"
#include "proxy/http/http2_session.hpp"
#include "proxy/http/plain_http.hpp"
#include "proxy/log/component.hpp"
#include "proxy/net/proxy_header.hpp"
#include "proxy/net/tcp_stream.hpp"
#include "proxy/tls/handshake_failure.hpp"
#include "proxy/tls/stream.hpp"

#include <algorithm>
#include <string>

namespace hsmfront::http {

namespace {

std::string text(const net::tcp::endpoint& endpoint) {
    const auto address = net::unmapped(endpoint.address());
    return address.is_v6() ? fmt::format("[{}]:{}", address.to_string(), endpoint.port())
                           : fmt::format("{}:{}", address.to_string(), endpoint.port());
}

/// What stays known of a connection for its last log line.
struct Opened {
    explicit Opened(const net::Accepted& accepted)
        : log(log::http, accepted.id, net::unmapped(accepted.peer.address()).to_string()),
          client(text(accepted.peer) + (accepted.via ? " via=" + text(accepted.via->peer) : "")),
          listener(text(accepted.local)),
          since(net::Clock::now()) {}

    [[nodiscard]] net::milliseconds lasted() const {
        return std::chrono::duration_cast<net::milliseconds>(net::Clock::now() - since);
    }
    [[nodiscard]] auto milliseconds() const { return lasted().count(); }

    log::Session log;
    std::string client;
    std::string listener;
    net::Clock::time_point since;
};

/// What connections to the backends begin with.
std::string proxy_header(
    config::ProxyVersion version, const net::Accepted& accepted, const tls::HandshakeInfo& tls
) {
    if (version == config::ProxyVersion::none) {
        return {};
    }
    net::ProxiedConnection connection{
        {accepted.peer, accepted.local}, {}, std::to_string(accepted.id)};
    connection.tls = net::ProxiedTls{tls.version, tls.cipher, tls.server_name, {}};
    if (!tls.client.fingerprint.empty()) {
        connection.tls->client_name = tls.client.common_name;
    }
    return net::format_proxy_header(version, connection);
}

/// What all requests of a connection have in common in the access log, right after the handshake.
/// Null: requests are not logged. The references outlive it.
std::unique_ptr<AccessConnection> access_connection(
    const AccessLog* log,
    const net::Accepted& accepted,
    const ClientIdentity& client,
    const tls::HandshakeInfo& tls,
    net::milliseconds handshake
) {
    if (log == nullptr) {
        return nullptr;
    }
    AccessRecord known;
    known.session = accepted.id;
    known.client = client.address;
    known.client_port = accepted.peer.port();
    known.user = tls.client.subject;
    known.tls_version = tls.version;
    known.cipher = tls.cipher;
    known.alpn = tls.alpn;
    known.resumed = tls.resumed;
    known.handshake = handshake;
    return std::make_unique<AccessConnection>(AccessConnection{*log, known});
}

void log_failed_handshake(const Opened& opened, const tls::Stream& stream) {
    opened.log.info(
        "https client={} listener={} duration={}ms reason=\"{}\"",
        opened.client,
        opened.listener,
        opened.milliseconds(),
        stream.failure_line()
    );
}

/// A connection as those who watch see it.
class Shown final : public net::Described {
  public:
    /// All references outlive it.
    Shown(const net::Accepted& accepted, const Opened& opened, ClientConnection& client)
        : accepted_(accepted), opened_(opened), client_(client) {
        client_.describe(this);
    }
    ~Shown() { client_.describe(nullptr); }

    /// One of them, once the handshake is done. `user`: whom the client's certificate names.
    void serves(const Http1Session& session, std::string_view user) noexcept {
        http1_ = &session;
        user_ = user;
    }
    void serves(const Http2Session& session, std::string_view user) noexcept {
        http2_ = &session;
        user_ = user;
    }

    [[nodiscard]] bool active() const noexcept override {
        return http2_ != nullptr ? http2_->streams() != 0 : client_.busy();
    }
    [[nodiscard]] net::SessionFacts facts() const override {
        net::SessionFacts facts;
        facts.id = opened_.log.id();
        facts.client = text(accepted_.peer);
        facts.via = accepted_.via ? text(accepted_.via->peer) : "";
        facts.user = user_;
        facts.age = opened_.lasted();
        facts.received = client_.inlet().received();
        facts.sent = client_.sent();
        facts.protocol = "HTTPS";
        if (http2_ != nullptr) {
            facts.protocol = "HTTP/2";
            facts.units = http2_->requests();
            const std::size_t streams = http2_->streams();
            facts.doing = streams == 0   ? ""
                          : streams == 1 ? "request"
                                         : fmt::format("{} requests", streams);
        } else if (http1_ != nullptr) {
            facts.protocol = "HTTP/1.1";
            facts.units = http1_->requests();
            facts.doing = active() ? "request" : "";
            facts.sent += http1_->sending();
            facts.backend = http1_->backend();
        } else {
            facts.doing = "handshake";
        }
        return facts;
    }

  private:
    const net::Accepted& accepted_;
    const Opened& opened_;
    ClientConnection& client_;
    std::string_view user_;
    const Http1Session* http1_ = nullptr;
    const Http2Session* http2_ = nullptr;
};

/// Of either version of HTTP.
struct Served {
    std::uint64_t requests;
    std::string_view reason;
};

void log_end(
    const Opened& opened,
    const tls::HandshakeInfo& tls,
    ClientConnection& client,
    const Served& served
) {
    opened.log.end(
        served.requests != 0,
        "https client={} listener={} tls={} resumed={}{} requests={} in={} out={} "
        "duration={}ms reason=\"{}\"",
        opened.client,
        opened.listener,
        tls.version,
        tls.resumed,
        tls.client.subject.empty() ? "" : " certificate=" + tls::in_quotes(tls.client.subject, 256),
        served.requests,
        client.inlet().received(),
        client.sent(),
        opened.milliseconds(),
        served.reason
    );
}

/// Where a request to a redirect port is sent, or why it is refused.
Parsed<std::string> redirect_location(
    std::string_view head, const config::Http& settings, bool& head_request
) {
    const Parsed<RequestHead> parsed = parse_request_head(head, settings.limits.headers);
    if (!parsed) {
        return parsed.error();
    }
    head_request = parsed->method == "HEAD";
    const Parsed<Checked> checked = check_request(*parsed, {});
    if (!checked) {
        return checked.error();
    }
    const std::optional<Authority> authority = parse_authority(checked->request.host);
    if (!authority || checked->path == "*") {
        return Status::bad_request;
    }
    std::string location = "https://";
    location += authority->host;
    const std::uint16_t port =
        settings.listen.empty() ? 443 : settings.listen.front().endpoint.port;
    if (port != 443) {
        location += ':' + std::to_string(port);
    }
    location += checked->path;
    return location;
}

void append_redirect_answer(std::string& out, std::string_view head, const config::Http& settings) {
    bool head_request = false;
    const Parsed<std::string> location = redirect_location(head, settings, head_request);
    if (location) {
        append_redirect(out, *location, head_request);
    } else {
        append_error(out, location.error(), {head_request, false});
    }
}

}  // namespace

Service::Service(
    net::WorkerContext& worker,
    std::shared_ptr<const Snapshot> snapshot,
    std::shared_ptr<Traffic> traffic
)
    : worker_(worker),
      traffic_(std::move(traffic)),
      snapshot_(std::move(snapshot)),
      trusted_(snapshot_->settings->http.forwarded.trust),
      routes_(snapshot_->settings->http) {
    const config::Http& http = snapshot_->settings->http;
    backends_ = std::make_unique<BackendSet>(worker_, http, snapshot_->backends);
}

Service::~Service() = default;

net::Task<void> Service::serve(net::Accepted accepted, std::size_t listener) {
    const std::shared_ptr<const Snapshot> snapshot = snapshot_;
    const config::Http& settings = snapshot->settings->http;
    const Opened opened(accepted);
    opened.log.debug("https client={} opened", opened.client);
    tls::StreamOptions options;
    options.counters = snapshot->handshakes.get();
    tls::Stream stream(std::move(accepted.socket), snapshot->tls.at(listener), std::move(options));
    ClientConnection client(stream, worker_);
    client.set_busy(true);  // a drain does not cut a handshake
    Shown shown(accepted, opened, client);
    const error_code ec = co_await stream.handshake(settings.timeouts.handshake);
    if (ec) {
        log_failed_handshake(opened, stream);
        // Whoever typed http:// and our port sees why. Nothing but HTTP/1 gets an answer.
        if (stream.cause() == tls::HandshakeCause::plain_http) {
            co_await answer_plain_http(stream.release(), worker_);
        }
        co_return;
    }
    ClientIdentity identity = identify_client(
        accepted.peer,
        accepted.local,
        stream.info().server_name,
        trusted_.contains(accepted.peer.address())
    );
    identity.certificate = client_cert_value(stream.client_certificate());
    identity.proxy_header = proxy_header(settings.proxy_protocol, accepted, stream.info());
    const auto access = access_connection(
        snapshot->access.get(), accepted, identity, stream.info(), opened.lasted()
    );
    const Dispatch dispatch{settings, routes_, *backends_, identity, access.get(), *traffic_};
    Traffic::add(traffic_->connections, 1);
    if (stream.info().alpn == "h2") {
        // Not in this frame, where it would cost each HTTP/1.1 connection as much.
        const auto session = std::make_unique<Http2Session>(client, dispatch);
        shown.serves(*session, stream.info().client.subject);
        co_await session->run();
        log_end(opened, stream.info(), client, {session->requests(), session->reason()});
        co_return;
    }
    Http1Session session(client, dispatch);
    shown.serves(session, stream.info().client.subject);
    co_await session.run();
    log_end(opened, stream.info(), client, {session.requests(), session.reason()});
}

net::Task<void> Service::redirect(net::Accepted accepted) {
    const std::shared_ptr<const Snapshot> snapshot = snapshot_;
    const config::Http& settings = snapshot->settings->http;
    const Opened opened(accepted);
    net::TcpStream stream(std::move(accepted.socket));
    ClientConnection client(stream, worker_);
    const std::size_t limit = std::min(settings.limits.header, net::BufferPool::buffer_size);
    HeadScanner scanner(HeadScanner::Kind::request, limit);
    const std::optional<Status> refusal =
        co_await receive_request_head(client, scanner, settings.timeouts.header);
    if (!refusal) {
        co_return;
    }
    std::string out;
    if (*refusal == Status{}) {
        append_redirect_answer(out, scanner.head(client.inlet().bytes()), settings);
    } else {
        append_error(out, *refusal, {});
    }
    const error_code ec = co_await client.write(out);
    co_await end_connection(client, ec ? Next::abort : Next::close);
    opened.log.record(
        "http redirect client={} listener={} in={} out={} duration={}ms",
        opened.client,
        opened.listener,
        client.inlet().received(),
        client.sent(),
        opened.milliseconds()
    );
}

}  // namespace hsmfront::http
