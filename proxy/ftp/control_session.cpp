#include "proxy/ftp/control_session.hpp"

#include "proxy/ftp/endpoint.hpp"
#include "proxy/ftp/keepalive.hpp"
#include "proxy/ftp/passive_address.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/errc.hpp"

#include <utility>

namespace hsmfront::ftp {
namespace {

/// For the client to read the last reply and to close its side.
constexpr net::milliseconds close_limit{2000};

net::tcp::endpoint unmapped_endpoint(const net::tcp::endpoint& endpoint) {
    return {unmapped(endpoint.address()), endpoint.port()};
}

Policy policy_of(
    const config::Ftp& settings, config::FtpTlsMode mode, const net::Accepted& accepted
) {
    Policy policy;
    policy.mode = mode;
    policy.require_tls_control = settings.require_tls_control;
    policy.require_tls_data = settings.require_tls_data;
    policy.allow_ccc = settings.allow_ccc;
    policy.greeting = settings.greeting;
    policy.backend_data = settings.data.backend;
    policy.login_attempts = settings.login.attempts;
    policy.login_delay = settings.login.delay;
    policy.commands = &settings.commands;
    policy.hosts = &settings.hosts;
    policy.client = unmapped(accepted.peer.address());
    policy.advertised =
        passive_address(settings.data, accepted.peer.address(), accepted.local.address());
    return policy;
}

}  // namespace

ControlSession::ControlSession(
    net::WorkerContext& worker,
    std::shared_ptr<const Snapshot> snapshot,
    Traffic& traffic,
    net::Accepted accepted,
    std::size_t listener
)
    : worker_(worker),
      snapshot_(std::move(snapshot)),
      traffic_(traffic),
      settings_(snapshot_->settings->ftp),
      context_(snapshot_->tls.at(listener)),
      mode_(settings_.listen.at(listener).tls),
      log_(log::ftp, accepted.id, unmapped(accepted.peer.address()).to_string()),
      peer_(unmapped_endpoint(accepted.peer)),
      local_(unmapped_endpoint(accepted.local)),
      via_(accepted.via),
      own_(unmapped(accepted.own().address())),
      dialogue_(policy_of(settings_, mode_, accepted)),
      binding_{context_, {}},
      tasks_(worker.executor) {
    // Clients send ABOR or its Telnet prefix as urgent data (RFC 959 §4.1.3).
    accepted.socket.keep_urgent_inline();
    set_keepalive(accepted.socket);
    auto plain = std::make_unique<net::TcpStream>(std::move(accepted.socket));
    plain_ = plain.get();
    client_ = std::move(plain);
}

void ControlSession::Gate::open() noexcept {
    if (held_) {
        held_ = false;
        opened_.notify();
    }
}

net::Task<void> ControlSession::Gate::pass() {
    held_ = true;
    while (held_) {
        co_await opened_.wait();
    }
}

net::Task<void> ControlSession::run() {
    net::SessionRegistry::Entry entry(worker_.sessions, *this);
    entry.describe(this);
    ++traffic_.sessions;
    log_.debug("ftps client={} opened", to_string(peer_));
    try {
        co_await converse();
    } catch (const std::exception& error) {
        log_.error("ftps: internal error: {}", error.what());
        reason_ = "internal error";
        orderly_ = false;
    }
    co_await close();
    log_end();
}

/// Before TLS, so that guessing passwords costs no signature.
net::Task<bool> ControlSession::turned_away() {
    if (!snapshot_->logins->blocks(peer_.address())) {
        co_return false;
    }
    reason_ = "too many refused logins from this address";
    if (mode_ == config::FtpTlsMode::explicit_tls) {
        orderly_ = true;
        static_cast<void>(co_await write_within_limit(
            *client_, "421 Too many refused logins, try again later.\r\n"
        ));
    }
    co_return true;
}

net::Task<void> ControlSession::converse() {
    const bool refused = co_await turned_away();
    if (refused) {
        co_return;
    }
    if (mode_ == config::FtpTlsMode::implicit_tls) {
        const error_code ec = co_await start_tls();
        if (ec) {
            reason_ = "TLS handshake failed";
            co_return;
        }
    }
    watchdog_.emplace(
        worker_.executor, std::initializer_list<net::Interruptible*>{this}, settings_.timeouts.login
    );
    tasks_.spawn(read_client(), "ftp client reader");
    Actions actions = dialogue_.start(tls_ != nullptr ? tls_->info().server_name : std::string{});
    co_await carry_out(std::move(actions));
    co_await loop();
}

net::Task<void> ControlSession::loop() {
    while (!done_ && !stop_) {
        if (!events_.empty()) {
            Event event = std::move(events_.front());
            events_.pop_front();
            co_await handle(std::move(event));
        } else if (std::exchange(timed_out_, false)) {
            Actions actions = dialogue_.on_timeout();
            co_await carry_out(std::move(actions));
        } else if (std::exchange(drain_, false)) {
            Actions actions = dialogue_.on_drain();
            co_await carry_out(std::move(actions));
        } else {
            co_await feed_lines();
            update_timer();
            sweep_links();
            if (events_.empty() && !timed_out_ && !drain_ && !done_ && !stop_) {
                co_await wake_.wait();
            }
        }
    }
}

net::Task<void> ControlSession::feed_lines() {
    while (dialogue_.wants_commands() && events_.empty() && !stop_) {
        Result<std::optional<std::string>> line = splitter_.next();
        if (!line) {
            const std::string what = line.error().message();
            Actions actions = dialogue_.on_broken_line(what);
            co_await carry_out(std::move(actions));
            co_return;
        }
        if (!*line) {
            client_gate_.open();
            co_return;
        }
        Command command = parse_command(std::move(**line));
        if (log_.writes(log::Level::trace)) {
            log_.trace("ftps: client: {}", command.loggable());
        }
        if (timer_ == Timer::idle) {
            watchdog_->touch();
        }
        Actions actions = dialogue_.on_command(std::move(command));
        co_await carry_out(std::move(actions));
    }
}

net::Task<void> ControlSession::handle(Event event) {
    Actions actions;
    if (const auto* readable = std::get_if<BackendReadable>(&event)) {
        co_await handle_replies(readable->link);
        co_return;
    }
    if (const auto* gone = std::get_if<ClientGone>(&event)) {
        actions = dialogue_.on_client_gone("client gone: " + gone->reason.message());
    } else if (const auto* connected = std::get_if<BackendConnected>(&event)) {
        actions = dialogue_.on_backend(!connected->error);
    } else if (const auto* lost = std::get_if<BackendGone>(&event)) {
        if (lost->link != backend_) {
            co_return;
        }
        actions = dialogue_.on_backend_gone("backend gone: " + lost->reason.message());
    } else if (const auto* outcome = std::get_if<TlsOutcome>(&event)) {
        const bool up = *outcome == TlsOutcome::up;
        actions = dialogue_.on_tls(*outcome, up ? tls_->info().server_name : std::string{});
    } else if (const auto* cleared = std::get_if<TlsCleared>(&event)) {
        actions = dialogue_.on_tls_cleared(cleared->done);
    } else if (const auto* listening = std::get_if<Listening>(&event)) {
        actions = dialogue_.on_listening(listening->port);
    } else if (const auto* meeting = std::get_if<BackendListening>(&event)) {
        actions = dialogue_.on_backend_listening(meeting->endpoint);
    } else if (auto* data = std::get_if<DataEvent>(&event)) {
        actions = dialogue_.on_data(std::move(*data));
    }
    co_await carry_out(std::move(actions));
}

net::Task<void> ControlSession::handle_replies(BackendLink* link) {
    while (link == backend_ && !done_ && !stop_) {
        Result<std::optional<Reply>> reply = link->parser.next();
        if (!reply) {
            log_.warn("ftps: backend broke the protocol: {}", reply.error().message());
            Actions actions = dialogue_.on_backend_gone("backend: " + reply.error().message());
            co_await carry_out(std::move(actions));
            co_return;
        }
        if (!*reply) {
            link->gate.open();
            co_return;
        }
        if (timer_ == Timer::idle) {
            watchdog_->touch();
        }
        Actions actions = dialogue_.on_reply(std::move(**reply));
        co_await carry_out(std::move(actions));
    }
}

net::Task<void> ControlSession::read_client() {
    for (;;) {
        {
            Result<net::Lease> piece = co_await net::read_lease(*client_, worker_.buffers);
            if (!piece) {
                post(ClientGone{piece.error()});
                co_return;
            }
            if (closing_) {
                continue;
            }
            splitter_.append(piece->data());
        }
        wake_.notify();
        co_await client_gate_.pass();
    }
}

net::Task<void> ControlSession::read_backend(BackendLink& link) {
    for (;;) {
        {
            Result<net::Lease> piece = co_await net::read_lease(link.stream, worker_.buffers);
            if (!piece) {
                link.read_to_end = true;
                post(BackendGone{&link, piece.error()});
                co_return;
            }
            link.parser.append(piece->data());
        }
        post(BackendReadable{&link});
        co_await link.gate.pass();
    }
}

/// Events come in the order in which the dialogue expects them; those of a transfer that was
/// aborted are dropped.
net::Task<void> ControlSession::run_transfer(std::unique_ptr<DataChannel> owned) {
    DataChannel& channel = *owned;
    using Kind = DataEvent::Kind;
    const error_code ec = co_await channel.connect_backend();
    if (ec) {
        log_.info("ftps: backend data connection: {}", ec.message());
    }
    post_data(channel, {ec ? Kind::backend_unreachable : Kind::backend_connected, {}, 0, {}});
    bool granted = false;
    if (!ec) {
        granted = co_await channel.granted();
    }
    if (granted) {
        ++totals_.transfers;
        DataEvent event = co_await channel.transfer();
        const bool drained = event.kind == Kind::drained;
        post_data(channel, std::move(event));
        granted = false;
        if (drained) {
            granted = co_await channel.granted();
        }
    }
    if (granted) {
        DataEvent event = co_await channel.finish();
        const bool complete = event.kind == Kind::complete;
        post_data(channel, std::move(event));
        if (complete) {
            co_await channel.linger();
        }
    }
    if (channel_ == &channel) {
        let_go_of_channel();
    }
    channels_.remove(&channel);
}

net::Task<void> ControlSession::close() {
    closing_ = true;
    watchdog_.reset();
    listener_.reset();
    for (DataChannel* channel : channels_) {
        channel->abort();
    }
    for (const auto& link : links_) {
        link->stream.interrupt(net::Errc::stopped);
        link->gate.open();
    }
    const net::Deadline deadline(worker_.executor, {client_.get()}, close_limit);
    error_code ec = make_error_code(net::Errc::stopped);
    if (orderly_ && !stop_) {
        ec = co_await client_->shutdown_send();
    }
    if (ec) {
        client_->interrupt(net::Errc::stopped);
    }
    client_gate_.open();
    co_await tasks_.join();
    links_.clear();
    client_->close();
}

void ControlSession::interrupt(error_code reason) noexcept {
    const bool first_drain = reason == make_error_code(net::Errc::stopped) &&
                             worker_.sessions.draining() && !std::exchange(draining_, true);
    if (reason == make_error_code(net::Errc::timed_out)) {
        timed_out_ = true;
    } else if (first_drain) {
        drain_ = true;
    } else {
        stop_ = true;
        client_->interrupt(reason);
        if (connecting_ != nullptr) {
            connecting_->interrupt(reason);
        }
        for (const auto& link : links_) {
            link->stream.interrupt(reason);
        }
        for (DataChannel* channel : channels_) {
            channel->abort();
        }
        cut_short_.notify();
    }
    wake_.notify();
}

void ControlSession::post(Event event) {
    events_.push_back(std::move(event));
    wake_.notify();
}

void ControlSession::post_data(const DataChannel& channel, DataEvent event) {
    if (channel_ == &channel) {
        post(std::move(event));
    }
}

/// Frees links whose readers have ended; call while no event can name them.
void ControlSession::sweep_links() {
    if (links_.size() > 1 && events_.empty()) {
        links_.remove_if([this](const auto& link) {
            return link.get() != backend_ && link->read_to_end;
        });
    }
}

/// Idle time is counted only while no data moves; until the login all time is.
void ControlSession::update_timer() {
    const Timer wanted = dialogue_.data_moving() ? Timer::held
                         : dialogue_.logged_in() ? Timer::idle
                                                 : Timer::login;
    if (wanted == timer_) {
        return;
    }
    timer_ = wanted;
    if (wanted == Timer::held) {
        watchdog_->pause();
    } else {
        watchdog_->restart(
            wanted == Timer::idle ? settings_.timeouts.idle : settings_.timeouts.login
        );
    }
}

}  // namespace hsmfront::ftp
