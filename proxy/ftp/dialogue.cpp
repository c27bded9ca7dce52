#include "proxy/ftp/dialogue.hpp"

#include "proxy/ftp/command_filter.hpp"

#include <algorithm>
#include <utility>

namespace hsmfront::ftp {
namespace {

/// Commands that may wait; more stay in the client's connection.
constexpr std::size_t queue_limit = 32;

constexpr std::string_view default_greeting = "Service ready, use AUTH TLS.";

bool switches_protection(const Command& command) {
    return find_verb(command.verb).switches_protection;
}

/// True for what an operator may take away; without the others no session could be held.
bool is_optional(Role role) {
    switch (role) {
        case Role::forward:
        case Role::passive:
        case Role::extended_passive:
        case Role::port:
        case Role::extended_port:
        case Role::upload:
        case Role::download:
        case Role::restart:
            return true;
        default:
            return false;
    }
}

/// RFC 959 §5.4 has other codes for transfers than for commands that are not there.
int refusal_code(Role role) {
    return role == Role::upload ? 553 : role == Role::download ? 550 : 502;
}

}  // namespace

Dialogue::Dialogue(Policy policy) : policy_(std::move(policy)) {
    if (policy_.mode == config::FtpTlsMode::implicit_tls) {
        protection_ = Protection::tls;
        protect_data_ = true;
    }
}

Actions Dialogue::start(std::string_view server_name) {
    note_server_name(server_name);
    if (policy_.mode == config::FtpTlsMode::explicit_tls && policy_.require_tls_control) {
        answer(220, policy_.greeting.empty() ? default_greeting : policy_.greeting);
    } else {
        connect_backend(true);
    }
    return take();
}

Actions Dialogue::on_command(Command command) {
    if (ended()) {
        return {};
    }
    if (transferring() && find_verb(command.verb).role == Role::abort) {
        abort_by_client(std::move(command));
    } else {
        queue_.push_back(std::move(command));
    }
    pump();
    return take();
}

Actions Dialogue::on_broken_line(std::string_view what) {
    if (!ended()) {
        const std::string text = std::string{"Closing: "}.append(what).append(".");
        end_with(make_reply(500, text), std::string{"client sent a "}.append(what));
    }
    return take();
}

Actions Dialogue::on_client_gone(std::string_view reason) {
    if (ended()) {
        return {};
    }
    if (phase_ == Phase::transfer) {
        // RFC 959 §4.1.1: as if ABOR and QUIT had come.
        log_transfer(0, reason);
        out_.emplace_back(action::AbortData{});
        out_.emplace_back(action::Forward{"ABOR"});
        out_.emplace_back(action::Forward{"QUIT"});
        phase_ = Phase::idle;
    }
    end(reason, false);
    return take();
}

Actions Dialogue::on_tls(TlsOutcome outcome, std::string_view server_name) {
    phase_ = Phase::idle;
    switch (outcome) {
        case TlsOutcome::up:
            protection_ = Protection::tls;
            forget_login();         // RFC 4217 §4.2
            protect_data_ = false;  // RFC 4217 §9
            note_server_name(server_name);
            connect_backend(false);
            break;
        case TlsOutcome::unavailable:
            answer(431, "TLS is not available at present, try again later.");
            break;
        case TlsOutcome::pipelined:
            end("plaintext behind AUTH", false);
            break;
        case TlsOutcome::failed:
            end("TLS handshake failed", false);
            break;
    }
    pump();
    return take();
}

Actions Dialogue::on_tls_cleared(bool done) {
    phase_ = Phase::idle;
    if (!done) {
        end("TLS could not be cleared", false);
    } else if (protection_ == Protection::clear && !policy_.require_tls_control) {
        connect_backend(false);  // after REIN
    }
    pump();
    return take();
}

Actions Dialogue::on_backend(bool connected) {
    backend_up_ = connected;
    if (!connected) {
        end_with_421("Backend not available.", "backend not reachable");
    }
    return take();
}

Actions Dialogue::on_reply(Reply reply) {
    switch (phase_) {
        case Phase::greeting:
            greeting_reply(reply);
            break;
        case Phase::reply:
            command_reply(reply);
            break;
        case Phase::backend_setup:
            backend_setup_reply(reply);
            break;
        case Phase::transfer:
            transfer_reply(reply);
            break;
        case Phase::abort_reply:
            abort_command_reply(reply);
            break;
        case Phase::ended:
            break;
        default:
            // RFC 959 §5.4: 421 is the only reply that may come unasked.
            if (reply.code == 421) {
                end_with(reply, "backend said 421");
            } else {
                end_with_421("Backend out of step.", "backend replied unasked");
            }
    }
    pump();
    return take();
}

Actions Dialogue::on_backend_gone(std::string_view reason) {
    backend_up_ = false;
    if (phase_ == Phase::reply && find_verb(current_.verb).role == Role::quit) {
        answer(221, "Goodbye.");
        end("client quit", true);
    } else if (!ended()) {
        end_with_421("Backend connection lost.", reason);
    }
    return take();
}

Actions Dialogue::on_timeout() {
    if (!ended()) {
        end_with_421("Timeout.", logged_in_ ? "idle timeout" : "login timeout");
    }
    return take();
}

Actions Dialogue::on_drain() {
    draining_ = true;
    pump();
    return take();
}

bool Dialogue::wants_commands() const noexcept {
    return phase_ != Phase::switching && phase_ != Phase::ended && queue_.size() < queue_limit &&
           (queue_.empty() || !switches_protection(queue_.back()));
}

bool Dialogue::data_moving() const noexcept {
    using Data = Transfer::Data;
    return phase_ == Phase::connecting_data ||
           (phase_ == Phase::transfer &&
            (transfer_.data == Data::moving || transfer_.data == Data::finishing));
}

Actions Dialogue::take() { return std::exchange(out_, {}); }

void Dialogue::pump() {
    while (phase_ == Phase::idle) {
        // A data connection that was announced is still to be used, by clients that may not be
        // asked to try again.
        if (draining_ && !setup_.ready) {
            end_with_421("Service is shutting down.", "stopping");
            return;
        }
        if (queue_.empty()) {
            return;
        }
        current_ = std::move(queue_.front());
        queue_.pop_front();
        process();
    }
}

void Dialogue::process() {
    const Verb& verb = find_verb(current_.verb);
    if (must_secure(verb)) {
        answer(530, "Please use AUTH TLS first.");
        return;
    }
    if (refuses(verb)) {
        answer(refusal_code(verb.role), "Command not allowed.");
        return;
    }
    (this->*handler_of(verb.role))();
}

bool Dialogue::refuses(const Verb& verb) const {
    return is_optional(verb.role) && policy_.commands != nullptr &&
           !permits(*policy_.commands, current_);
}

OwnFeatures Dialogue::own_features() const {
    OwnFeatures own{offers_ccc(), policy_.hosts != nullptr && !policy_.hosts->empty(), {}};
    if (policy_.commands != nullptr) {
        own.denied = policy_.commands->deny;
    }
    return own;
}

bool Dialogue::must_secure(const Verb& verb) const noexcept {
    return policy_.require_tls_control && protection_ == Protection::clear && !verb.before_tls &&
           verb.role != Role::http;
}

bool Dialogue::offers_ccc() const noexcept {
    return policy_.allow_ccc && policy_.mode == config::FtpTlsMode::explicit_tls;
}

bool Dialogue::transferring() const noexcept {
    return phase_ == Phase::connecting_data || phase_ == Phase::transfer;
}

void Dialogue::answer(int code, std::string_view text) { answer(make_reply(code, text)); }

void Dialogue::answer(const Reply& reply, bool fresh_ticket) {
    out_.emplace_back(action::Answer{reply.serialise(), fresh_ticket});
}

void Dialogue::forward(std::string line, Phase next) {
    out_.emplace_back(action::Forward{std::move(line)});
    phase_ = next;
}

void Dialogue::connect_backend(bool relay_greeting) {
    if (backend_up_) {
        out_.emplace_back(action::DropBackend{});
        backend_up_ = false;
    }
    out_.emplace_back(action::ConnectBackend{});
    relay_greeting_ = relay_greeting;
    phase_ = Phase::greeting;
}

void Dialogue::end(std::string_view reason, bool orderly) {
    if (transferring()) {
        log_transfer(0, reason);
        out_.emplace_back(action::AbortData{});
    }
    out_.emplace_back(action::End{std::string{reason}, orderly});
    phase_ = Phase::ended;
}

void Dialogue::end_with(const Reply& reply, std::string_view reason) {
    if (transferring()) {
        // Before the reply, so that the client never sees it beside a transfer that goes on.
        log_transfer(reply.code, reason);
        out_.emplace_back(action::AbortData{});
        phase_ = Phase::idle;
    }
    answer(reply);
    end(reason, true);
}

void Dialogue::end_with_421(std::string_view text, std::string_view reason) {
    end_with(make_reply(421, text), reason);
}

void Dialogue::greeting_reply(const Reply& reply) {
    if (reply.preliminary() || reply.completion()) {  // 120 may come before 220
        if (relay_greeting_) {
            const bool replaced = reply.completion() && !policy_.greeting.empty();
            answer(replaced ? make_reply(220, policy_.greeting) : reply);
        }
        if (reply.completion()) {
            phase_ = Phase::idle;
        }
        return;
    }
    end_with_421("Backend not available.", "backend greeted with " + std::to_string(reply.code));
}

void Dialogue::command_reply(const Reply& reply) {
    const Role role = find_verb(current_.verb).role;
    if (role == Role::login) {
        login_reply(reply);
        return;
    }
    if (role == Role::feat && reply.code != 421) {
        if (!reply.preliminary()) {
            answer(merge_features(reply.code == 211 ? &reply : nullptr, own_features()));
            phase_ = Phase::idle;
        }
        return;
    }
    answer(reply);
    if (reply.preliminary()) {
        return;
    }
    phase_ = Phase::idle;
    if (reply.code == 421) {
        end("backend said 421", true);
    } else if (role == Role::quit && reply.completion()) {
        end("client quit", true);
    }
}

void Dialogue::abort_command_reply(const Reply& reply) {
    const bool relay = abort_reply_ == AbortReply::relay || reply.code == 421;
    if (relay) {
        answer(reply);
    }
    if (reply.preliminary()) {
        return;
    }
    abort_reply_ = AbortReply::none;
    phase_ = Phase::idle;
    if (reply.code == 421) {
        end("backend said 421", true);
    }
}

}  // namespace hsmfront::ftp
