// ControlSession: carrying out the dialogue's actions.
#include "config/hosts.hpp"
#include "proxy/ftp/control_session.hpp"
#include "proxy/ftp/endpoint.hpp"
#include "proxy/ftp/keepalive.hpp"
#include "proxy/ftp/relayed_data.hpp"
#include "proxy/net/connector.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"
#include "proxy/net/printable.hpp"

#include <utility>

namespace hsmfront::ftp {

net::Task<void> ControlSession::carry_out(Actions actions) {
    for (Action& next : actions) {
        if (stop_) {
            co_return;
        }
        net::Task<void> step = std::visit([this](auto& a) { return perform(std::move(a)); }, next);
        co_await std::move(step);
    }
}

net::Task<void> ControlSession::perform(action::Answer answer) {
    if (log_.writes(log::Level::trace)) {
        const std::string_view text{answer.wire.data(), answer.wire.size() - 2};  // without CRLF
        log_.trace("ftps: answer: {}", net::printable(text));
    }
    if (answer.fresh_ticket && tls_ != nullptr) {
        tls_->queue_ticket();
    }
    if (answer.delay.count() != 0) {
        co_await cut_short_.wait_for(answer.delay);
    }
    const error_code ec = co_await write_within_limit(*client_, answer.wire);
    if (ec) {
        post(ClientGone{ec});
    }
}

net::Task<void> ControlSession::perform(action::CountRefusedLogin) {
    snapshot_->logins->count(peer_.address());
    ++traffic_.refused_logins;
    co_return;
}

net::Task<void> ControlSession::perform(action::SelectHost select) {
    host_ = config::find_host(settings_.hosts, select.name);
    co_return;
}

net::Task<void> ControlSession::perform(action::Forward forward) {
    BackendLink* const link = backend_;
    if (link == nullptr) {
        co_return;
    }
    if (log_.writes(log::Level::trace)) {
        log_.trace("ftps: to backend: {}", parse_command(forward.line).loggable());
    }
    const std::string wire = std::move(forward.line) + "\r\n";
    const error_code ec = co_await write_within_limit(link->stream, wire);
    if (ec) {
        post(BackendGone{link, ec});
    }
}

net::Task<void> ControlSession::perform(action::StartTls start) {
    TlsOutcome outcome = TlsOutcome::failed;
    // The reader is held by its gate since it read the command: what follows it is in the splitter
    // or still in the socket, where the handshake meets it.
    if (!splitter_.empty()) {
        log_.warn("ftps: plaintext from {} behind AUTH", to_string(peer_));
        outcome = TlsOutcome::pipelined;
    } else if (plain_ == nullptr || !context_->available()) {
        outcome = TlsOutcome::unavailable;
    } else {
        error_code ec = co_await write_within_limit(*client_, start.reply);
        if (!ec) {
            ec = co_await start_tls();
        }
        outcome = ec ? TlsOutcome::failed : TlsOutcome::up;
    }
    events_.emplace_front(outcome);
}

net::Task<error_code> ControlSession::start_tls() {
    tls::StreamOptions options;
    options.tag = tls::SessionTag::random();
    options.kept_rings = std::make_shared<tls::KeptRings>();
    options.read_ahead = false;  // clear text may follow close_notify (CCC, REIN)
    options.counters = snapshot_->handshakes.get();
    net::Socket socket = plain_->release();
    auto stream = std::make_unique<tls::Stream>(std::move(socket), context_, options);
    plain_ = nullptr;
    tls_ = stream.get();
    client_ = std::move(stream);
    if (host_ != nullptr) {
        // Chosen by HOST (RFC 7151 §4); SNI, if it comes, chooses anew.
        if (const auto* named = context_->find_host(host_->name)) {
            tls_->choose(*named);
        }
    }
    const error_code ec = co_await tls_->handshake(settings_.timeouts.handshake);
    if (ec) {
        failed_handshake_ = tls_->failure_line();
        co_return ec;
    }
    binding_ = tls_->binding();
    totals_.tls_version = tls_->info().version;
    totals_.resumed = tls_->info().resumed;
    totals_.client_certificate = tls_->info().client.subject;
    co_return error_code{};
}

net::Task<void> ControlSession::perform(action::ClearTls) {
    bool done = false;
    if (tls_ != nullptr && splitter_.empty()) {
        Result<net::Socket> socket = co_await tls_->unwrap(settings_.timeouts.handshake);
        if (socket) {
            auto plain = std::make_unique<net::TcpStream>(std::move(*socket));
            tls_ = nullptr;
            plain_ = plain.get();
            client_ = std::move(plain);
            done = true;
        }
    }
    events_.emplace_front(TlsCleared{done});
}

const config::Endpoint& ControlSession::backend_endpoint() const {
    const bool own = host_ != nullptr && host_->backend;
    return own ? host_->backend->endpoint : settings_.backend.endpoint;
}

net::Task<void> ControlSession::perform(action::ConnectBackend) {
    const config::Endpoint& target = backend_endpoint();
    net::Connector connector(worker_.executor);
    connecting_ = &connector;
    Result<net::Socket> socket =
        co_await connector.connect(target, settings_.timeouts.data_connect);
    connecting_ = nullptr;
    if (!socket) {
        log_.warn("ftps: backend {}:{}: {}", target.address, target.port, socket.error().message());
        events_.emplace_front(BackendConnected{socket.error()});
        co_return;
    }
    set_keepalive(*socket);
    links_.push_back(std::make_unique<BackendLink>(std::move(*socket)));
    backend_ = links_.back().get();
    tasks_.spawn(read_backend(*backend_), "ftp backend reader");
    const std::string header = backend_header(settings_.proxy_protocol.control);
    const error_code ec = co_await write_within_limit(backend_->stream, header);
    events_.emplace_front(BackendConnected{});
    if (ec) {
        post(BackendGone{backend_, ec});
    }
}

/// What a backend connection begins with; empty where it is told nothing.
std::string ControlSession::backend_header(config::ProxyVersion version) const {
    if (version == config::ProxyVersion::none) {
        return {};
    }
    net::ProxiedConnection connection{{peer_, local_}, {}, std::to_string(log_.id())};
    if (tls_ != nullptr) {
        const tls::HandshakeInfo& info = tls_->info();
        connection.tls = net::ProxiedTls{info.version, info.cipher, info.server_name, {}};
        if (!info.client.fingerprint.empty()) {
            connection.tls->client_name = info.client.common_name;
        }
    }
    return net::format_proxy_header(version, connection);
}

net::Task<void> ControlSession::perform(action::DropBackend) {
    if (backend_ != nullptr) {
        backend_->stream.interrupt(net::Errc::stopped);
        backend_->gate.open();
        backend_->stream.close();
        backend_ = nullptr;
    }
    co_return;
}

net::Task<void> ControlSession::perform(action::Listen) {
    Result<net::PortRange::Loan> loan = snapshot_->passive_ports->lend(worker_.executor, own_);
    if (loan) {
        listener_.emplace(std::move(*loan));
        events_.emplace_front(Listening{listener_->port()});
    } else {
        log_.warn("ftps: no passive port: {}", loan.error().message());
        events_.emplace_front(Listening{});
    }
    co_return;
}

net::Task<void> ControlSession::perform(action::DropListener) {
    listener_.reset();
    backend_listener_.reset();
    co_return;
}

net::Task<void> ControlSession::perform(action::ListenBackend) {
    auto opened = BackendListener::open(worker_.executor, backend_->local.address());
    if (opened) {
        backend_listener_ = std::move(*opened);
        events_.emplace_front(BackendListening{backend_listener_->endpoint()});
    } else {
        log_.warn("ftps: no port for the backend: {}", opened.error().message());
        events_.emplace_front(BackendListening{});
    }
    co_return;
}

net::Task<void> ControlSession::perform(action::OpenData open) {
    DataPlan plan;
    plan.transfer = open;
    plan.backend = {backend_->peer.address(), open.backend_port.value_or(0)};
    plan.backend_listener = std::move(backend_listener_);
    plan.backend_source = backend_->local.address();
    plan.client = peer_.address();
    plan.control = binding_;
    plan.local = active_source(own_, peer_.address());
    plan.balancers = via_ ? snapshot_->balancers : nullptr;
    plan.backend_header = backend_header(settings_.proxy_protocol.data);
    plan.log = &log_;
    plan.handshakes = snapshot_->data_handshakes;
    std::optional<net::PortRange::Loan> listener;
    if (listener_ && !open.client_port) {
        listener.emplace(std::move(*listener_));
    }
    listener_.reset();
    auto channel =
        std::make_unique<DataChannel>(worker_, settings_, std::move(plan), std::move(listener));
    channel_ = channel.get();
    channels_.push_back(channel_);
    tasks_.spawn(run_transfer(std::move(channel)), "ftp transfer");
    co_return;
}

net::Task<void> ControlSession::perform(action::BeginData) {
    if (channel_ != nullptr) {
        channel_->grant();
    }
    co_return;
}

net::Task<void> ControlSession::perform(action::FinishData) {
    if (channel_ != nullptr) {
        channel_->grant();
    }
    co_return;
}

net::Task<void> ControlSession::perform(action::ConfirmUpload) {
    log_.warn("ftps: backend called an upload done before its end");
    if (channel_ != nullptr) {
        channel_->ask_confirmation();
    }
    co_return;
}

net::Task<void> ControlSession::perform(action::AbortData) {
    if (channel_ != nullptr) {
        channel_->abort();
        let_go_of_channel();
    }
    // What it still had to say must not reach the transfer after it.
    std::erase_if(events_, [](const Event& event) {
        return std::holds_alternative<DataEvent>(event);
    });
    co_return;
}

void ControlSession::let_go_of_channel() {
    facts_ = channel_->facts();
    const bool upload = channel_->direction() == TransferDirection::upload;
    (upload ? totals_.uploaded : totals_.downloaded) += facts_.bytes;
    channel_ = nullptr;
}

net::Task<void> ControlSession::perform(action::End end) {
    done_ = true;
    orderly_ = end.orderly;
    reason_ = std::move(end.reason);
    co_return;
}

net::Task<error_code> ControlSession::write_within_limit(
    net::Transport& transport, std::string_view text
) {
    const net::Attempt first = transport.try_write({text.data(), text.size()});
    if (first.state == net::Attempt::State::failed) {
        co_return first.error;
    }
    if (first.state == net::Attempt::State::done) {
        text.remove_prefix(first.bytes);
    }
    if (text.empty()) {
        co_return error_code{};
    }
    const net::Deadline deadline(worker_.executor, {&transport}, settings_.timeouts.data_stall);
    const error_code ec = co_await net::write_all(transport, text);
    co_return ec;
}

}  // namespace hsmfront::ftp
