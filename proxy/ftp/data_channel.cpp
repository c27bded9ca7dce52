#include "proxy/ftp/data_channel.hpp"

#include "proxy/ftp/endpoint.hpp"
#include "proxy/ftp/relayed_data.hpp"
#include "proxy/net/connector.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"

#include <utility>

namespace hsmfront::ftp {
namespace {

constexpr net::milliseconds linger_limit{5000};

}  // namespace

DataChannel::DataChannel(
    net::WorkerContext& worker,
    const config::Ftp& settings,
    DataPlan plan,
    std::optional<net::PortRange::Loan> listener
)
    : worker_(worker),
      settings_(settings),
      plan_(std::move(plan)),
      listener_(std::move(listener)),
      accept_stop_(listener_) {}

void DataChannel::AcceptStop::interrupt(error_code reason) noexcept {
    reason_ = reason;
    if (loan_) {
        loan_->listener.cancel();
    }
    if (reading_ != nullptr) {
        reading_->interrupt(reason);
    }
}

net::Task<error_code> DataChannel::connect_backend() {
    if (plan_.backend_listener) {
        co_return error_code{};
    }
    const net::tcp::endpoint source(plan_.backend_source, 0);
    Result<net::Socket> connected = co_await net::connect(
        worker_.executor, plan_.backend, settings_.timeouts.data_connect, source
    );
    if (!connected) {
        co_return connected.error();
    }
    backend_ = std::make_unique<net::TcpStream>(std::move(*connected));
    if (aborted_) {
        backend_->reset();
        co_return make_error_code(net::Errc::stopped);
    }
    if (plan_.backend_header.empty()) {
        co_return error_code{};
    }
    const net::Deadline deadline(
        worker_.executor, {backend_.get()}, settings_.timeouts.data_connect
    );
    const std::string_view header = plan_.backend_header;
    const error_code ec = co_await net::write_all(*backend_, header);
    co_return ec;
}

net::Task<error_code> DataChannel::accept_backend() {
    Result<net::Socket> accepted = co_await plan_.backend_listener->accept(
        plan_.backend.address(), settings_.timeouts.data_connect, *plan_.log
    );
    plan_.backend_listener.reset();
    if (!accepted) {
        co_return accepted.error();
    }
    backend_ = std::make_unique<net::TcpStream>(std::move(*accepted));
    co_return error_code{};
}

net::Task<DataEvent> DataChannel::transfer() {
    if (plan_.backend_listener) {
        const error_code ec = co_await accept_backend();
        if (ec) {
            const std::string text = "No data connection from the backend: " + ec.message() + ".";
            // Not the backend's fault for certain: it may still be trying, and must be told.
            co_return fail(DataEvent::Blame::none, 425, text);
        }
    }
    std::optional<DataEvent> failed = co_await open_client_side();
    if (failed) {
        co_return std::move(*failed);
    }
    if (aborted_) {
        co_return fail(DataEvent::Blame::client, 426, "Transfer aborted.");
    }
    DataEvent event = co_await copy();
    co_return event;
}

net::Task<std::optional<DataEvent>> DataChannel::open_client_side() {
    Result<net::Socket> socket = co_await open_client();
    if (!socket) {
        const std::string text = "No data connection: " + socket.error().message() + ".";
        co_return fail(DataEvent::Blame::client, 425, text);
    }
    if (!plan_.transfer.protect) {
        client_ = std::make_unique<net::TcpStream>(std::move(*socket));
        co_return std::nullopt;
    }
    std::optional<DataEvent> failed = co_await protect(std::move(*socket));
    co_return failed;
}

net::Task<Result<net::Socket>> DataChannel::open_client() {
    if (listener_) {
        Result<net::Socket> accepted = co_await accept_client();
        listener_.reset();
        co_return accepted;
    }
    const net::tcp::endpoint target(plan_.client, plan_.transfer.client_port.value_or(0));
    const net::tcp::endpoint source(plan_.local, 0);
    Result<net::Socket> connected =
        co_await net::connect(worker_.executor, target, settings_.timeouts.data_connect, source);
    if (connected) {
        facts_.peer = target;
    }
    co_return connected;
}

net::Task<Result<net::Socket>> DataChannel::accept_client() {
    const net::Deadline deadline(
        worker_.executor, {&accept_stop_}, settings_.timeouts.data_connect
    );
    while (!accept_stop_.reason()) {
        // From accept(2) itself: a connection that was reset meanwhile no longer has a peer.
        net::tcp::endpoint peer;
        Result<net::Socket> socket = co_await listener_->listener.accept(peer);
        if (accept_stop_.reason() ||
            (!socket && socket.error() == net::asio::error::connection_aborted)) {
            continue;
        }
        if (!socket) {
            co_return socket;
        }
        const std::optional<net::tcp::endpoint> client = co_await client_of(*socket, peer);
        if (client && !accept_stop_.reason()) {
            facts_.peer = *client;
            co_return socket;
        }
    }
    co_return accept_stop_.reason();
}

/// The client's end of a data connection from `peer`; none, and the reason logged, if it is not the
/// client's.
net::Task<std::optional<net::tcp::endpoint>> DataChannel::client_of(
    net::Socket& socket, net::tcp::endpoint peer
) {
    if (plan_.balancers != nullptr) {
        const RelayedOrigin origin{plan_.balancers, plan_.client, *plan_.log};
        net::SocketIo io(std::move(socket));
        accept_stop_.set_reading(&io);
        const std::optional<net::tcp::endpoint> client =
            co_await relayed_client(worker_.executor, io, peer, origin);
        accept_stop_.set_reading(nullptr);
        socket = io.release();
        co_return client;
    }
    if (same_host(peer.address(), plan_.client)) {
        co_return peer;
    }
    plan_.log->warn(
        "ftps: data connection from {} refused, the client is {}",
        to_string(peer),
        plan_.client.to_string()
    );
    co_return std::nullopt;
}

tls::StreamOptions DataChannel::tls_options() const {
    const tls::ControlBinding& control = plan_.control;
    const bool resume =
        settings_.data.session_reuse != config::SessionReuse::off && control.extended_master_secret;
    tls::StreamOptions options;
    // Or one that no ticket has: nothing is resumed.
    options.tag = resume ? control.tag : tls::SessionTag::random();
    options.control_session = resume ? control.session : nullptr;
    options.kept_rings = resume ? control.kept_rings : nullptr;
    options.data_connection = true;
    options.send_tickets = direction() == TransferDirection::download;
    options.counters = plan_.handshakes.get();
    return options;
}

/// TLS on the client's side. We are the server in active mode too (RFC 4217 §7).
net::Task<std::optional<DataEvent>> DataChannel::protect(net::Socket socket) {
    const bool must_resume = settings_.data.session_reuse == config::SessionReuse::require;
    auto stream =
        std::make_unique<tls::Stream>(std::move(socket), plan_.control.context, tls_options());
    tls::Stream& client = *stream;
    client_ = std::move(stream);
    if (aborted_) {
        co_return fail(DataEvent::Blame::client, 426, "Transfer aborted.");
    }
    if (must_resume && !plan_.control.extended_master_secret) {
        plan_.log->warn(
            "ftps: data connection refused: the client's TLS 1.2 has no extended master "
            "secret (RFC 7627), so that resuming its session would prove nothing"
        );
        co_return fail(
            DataEvent::Blame::client,
            522,
            "The control connection's TLS session lacks the extended master secret."
        );
    }
    const error_code ec = co_await client.handshake(settings_.timeouts.handshake);
    if (ec) {
        plan_.log->info(
            "ftps data client={} reason=\"{}\"", to_string(facts_.peer), client.failure_line()
        );
        co_return fail(
            DataEvent::Blame::client, 522, "TLS handshake on the data connection failed."
        );
    }
    facts_.tls_version = client.info().version;
    facts_.resumed = client.info().resumed;
    co_return admit(client.info());
}

/// What a good handshake must have shown beyond being one.
std::optional<DataEvent> DataChannel::admit(const tls::HandshakeInfo& shown) {
    if (settings_.data.session_reuse == config::SessionReuse::require && !shown.resumed) {
        return fail(
            DataEvent::Blame::client,
            522,
            "The data connection must resume the control connection's TLS session."
        );
    }
    if (shown.client.fingerprint != plan_.control.client) {
        plan_.log->warn(
            "ftps: data connection refused: its client certificate \"{}\" is not the "
            "control connection's",
            shown.client.subject
        );
        return fail(
            DataEvent::Blame::client,
            522,
            "The data connection must show the control connection's certificate."
        );
    }
    return std::nullopt;
}

net::Task<DataEvent> DataChannel::copy() {
    const bool download = direction() == TransferDirection::download;
    net::Transport& source = download ? static_cast<net::Transport&>(*backend_) : *client_;
    net::Transport& sink = download ? *client_ : static_cast<net::Transport&>(*backend_);
    net::Watchdog watchdog(
        worker_.executor, {client_.get(), backend_.get()}, settings_.timeouts.data_stall
    );
    // Should this process be killed, its FIN would make a cut upload a complete file.
    backend_->reset_on_close(!download);
    const net::RelayResult result =
        co_await net::relay(source, sink, worker_.buffers, watchdog, facts_.bytes);
    if (watchdog.expired()) {
        co_return fail(DataEvent::Blame::none, 426, "Data connection stalled.");
    }
    if (download) {
        co_return end_download(result);
    }
    watchdog.touch();
    DataEvent event = co_await end_upload(result);
    co_return event;
}

DataEvent DataChannel::end_download(const net::RelayResult& result) {
    if (result.write_error) {
        return fail(DataEvent::Blame::client, 426, "Data connection lost.");
    }
    if (!result.complete()) {
        return fail(DataEvent::Blame::backend, 426, "Backend broke off the transfer.");
    }
    backend_->close();
    return {DataEvent::Kind::drained, DataEvent::Blame::none, 0, {}};
}

bool DataChannel::clean_end(const net::RelayResult& result) const {
    const bool tolerated = result.read_error == make_error_code(net::Errc::truncated) &&
                           !settings_.data.require_close_notify;
    return !result.write_error && (result.complete() || tolerated);
}

net::Task<DataEvent> DataChannel::end_upload(net::RelayResult result) {
    if (result.write_error) {
        co_return fail(DataEvent::Blame::backend, 426, "Backend broke off the transfer.");
    }
    if (!clean_end(result)) {
        co_return fail(DataEvent::Blame::client, 426, "Upload cut short, not taken as complete.");
    }
    backend_->reset_on_close(false);
    const error_code ec = co_await backend_->shutdown_send();
    if (ec) {
        co_return fail(DataEvent::Blame::backend, 426, "Backend broke off the transfer.");
    }
    // The client may wait for our close_notify before it looks at its control connection.
    static_cast<void>(co_await client_->shutdown_send());
    bool taken = true;
    if (confirm_) {
        taken = co_await backend_closed();
    }
    if (!taken) {
        co_return fail(DataEvent::Blame::backend, 426, "Backend did not take the whole upload.");
    }
    co_return DataEvent{DataEvent::Kind::complete, DataEvent::Blame::none, 0, {}};
}

net::Task<bool> DataChannel::backend_closed() {
    for (;;) {
        Result<net::Lease> ignored = co_await net::read_lease(*backend_, worker_.buffers);
        if (!ignored) {
            co_return ignored.error() == make_error_code(net::Errc::eof);
        }
    }
}

net::Task<DataEvent> DataChannel::finish() {
    const net::Deadline deadline(worker_.executor, {client_.get()}, settings_.timeouts.data_stall);
    const error_code ec = co_await client_->shutdown_send();
    if (ec) {
        co_return fail(DataEvent::Blame::client, 426, "Data connection lost.");
    }
    co_return DataEvent{DataEvent::Kind::complete, DataEvent::Blame::none, 0, {}};
}

net::Task<void> DataChannel::linger() {
    const net::Deadline deadline(worker_.executor, {client_.get()}, linger_limit);
    for (;;) {
        Result<net::Lease> ignored = co_await net::read_lease(*client_, worker_.buffers);
        if (!ignored) {
            co_return;
        }
    }
}

void DataChannel::grant() {
    ++grants_;
    decision_.notify();
}

net::Task<bool> DataChannel::granted() {
    while (grants_ == 0 && !aborted_) {
        co_await decision_.wait();
    }
    if (aborted_) {
        static_cast<void>(fail(DataEvent::Blame::none, 426, {}));
        co_return false;
    }
    --grants_;
    co_return true;
}

void DataChannel::interrupt(error_code reason) noexcept {
    aborted_ = true;
    accept_stop_.interrupt(reason);
    if (plan_.backend_listener) {
        plan_.backend_listener->interrupt(reason);
    }
    if (backend_) {
        backend_->interrupt(reason);
        backend_->reset();
    }
    if (client_) {
        // Reset by the step that uses it, once it has let go of the TLS state.
        client_->interrupt(reason);
    }
    decision_.notify();
}

DataEvent DataChannel::fail(DataEvent::Blame blame, int code, std::string_view text) {
    for (net::Transport* side : {static_cast<net::Transport*>(backend_.get()), client_.get()}) {
        if (side != nullptr) {
            side->interrupt(net::Errc::stopped);
            side->reset();
        }
    }
    return {DataEvent::Kind::failed, blame, code, std::string{text}};
}

}  // namespace hsmfront::ftp
