// Dialogue: data connections and the order of a transfer's replies.
#include "proxy/ftp/dialogue.hpp"
#include "proxy/ftp/endpoint.hpp"

#include <utility>

namespace hsmfront::ftp {
namespace {

constexpr std::uint16_t first_unprivileged_port = 1024;

DataEvent failure_of_client(int code, std::string text) {
    return {DataEvent::Kind::failed, DataEvent::Blame::client, code, std::move(text)};
}

}  // namespace

bool Dialogue::refuse_after_epsv_all() {
    if (epsv_all_) {
        answer(501, "Only EPSV is allowed after EPSV ALL.");  // RFC 2428 §4
    }
    return epsv_all_;
}

void Dialogue::accept_client_endpoint(const net::tcp::endpoint& endpoint) {
    // RFC 2577 §3: no connections on behalf of the client to others, none to well-known ports.
    // "Any address", which lftp 4.9 names over IPv6, can only mean the client's own: we connect to
    // the control connection's host whatever stands here.
    if (!endpoint.address().is_unspecified() && !same_host(endpoint.address(), policy_.client)) {
        answer(500, "Illegal address: data goes to the control connection's host only.");
    } else if (endpoint.port() < first_unprivileged_port) {
        answer(504, "Illegal port: below 1024.");
    } else {
        set_up_data(endpoint.port());
    }
}

/// Asks the backend for its port now and not when the transfer begins: REST must directly precede
/// RETR or STOR at the backend (RFC 3659 §5.3).
void Dialogue::set_up_data(std::optional<std::uint16_t> client_port) {
    out_.emplace_back(action::DropListener{});  // RFC 959 §3.2: a new one replaces the old one
    setup_ = {};
    setup_.client_port = client_port;
    if (policy_.backend_data == config::BackendData::active) {
        out_.emplace_back(action::ListenBackend{});
        phase_ = Phase::backend_listening;
    } else {
        ask_backend_for_data();
    }
}

Actions Dialogue::on_backend_listening(std::optional<net::tcp::endpoint> endpoint) {
    if (!endpoint) {
        phase_ = Phase::idle;
        answer(425, "No port for the backend's data connection.");
    } else {
        setup_.backend_meets = endpoint;
        ask_backend_for_data();
    }
    pump();
    return take();
}

void Dialogue::ask_backend_for_data() {
    const bool extended = backend_command_ == BackendCommand::extended;
    if (!setup_.backend_meets) {
        forward(extended ? "EPSV" : "PASV", Phase::backend_setup);
    } else if (extended) {
        forward("EPRT " + format_eprt(*setup_.backend_meets), Phase::backend_setup);
    } else {
        forward("PORT " + format_port(*setup_.backend_meets), Phase::backend_setup);
    }
}

void Dialogue::backend_setup_reply(const Reply& reply) {
    if (reply.preliminary()) {
        return;
    }
    if (!backend_data_agreed(reply)) {
        backend_setup_refused(reply);
        return;
    }
    if (setup_.client_port) {
        setup_.ready = true;
        phase_ = Phase::idle;
        answer(make_reply(200, current_.verb + " command successful."), true);
        return;
    }
    out_.emplace_back(action::Listen{});
    phase_ = Phase::listening;
}

bool Dialogue::backend_data_agreed(const Reply& reply) {
    if (setup_.backend_meets) {
        return reply.completion();
    }
    const bool extended = backend_command_ == BackendCommand::extended;
    const auto port = extended ? parse_epsv_reply(reply.text()) : parse_pasv_reply(reply.text());
    if (reply.code != (extended ? 229 : 227) || !port) {
        return false;
    }
    setup_.backend_port = *port;
    return true;
}

void Dialogue::backend_setup_refused(const Reply& reply) {
    phase_ = Phase::idle;
    const bool plain_can = !setup_.backend_meets || setup_.backend_meets->address().is_v4();
    if (reply.code == 421) {
        answer(reply);
        end("backend said 421", true);
    } else if (reply.code == 530 || reply.code / 100 == 4) {
        answer(reply);
    } else if (backend_command_ == BackendCommand::extended && plain_can) {
        backend_command_ = BackendCommand::plain;
        ask_backend_for_data();
    } else {
        answer(425, "The backend offers no data connection.");
    }
}

Actions Dialogue::on_listening(std::optional<std::uint16_t> port) {
    phase_ = Phase::idle;
    setup_.ready = port.has_value();
    if (!port) {
        answer(425, "No data port is free, try again later.");
    } else if (current_.verb == "EPSV") {
        answer(make_reply(229, format_epsv(*port)), true);
    } else {
        answer(make_reply(227, format_pasv(*policy_.advertised, *port)), true);
    }
    pump();
    return take();
}

void Dialogue::start_transfer(TransferDirection direction) {
    // The level counts that holds now, not the one at PASV (RFC 4217 §8, §10.2).
    if (policy_.require_tls_data && !protect_data_) {
        answer(521, "Data connections must be protected, use PROT P.");
        return;
    }
    if (!setup_.ready) {
        answer(425, "Use PASV, EPSV, PORT or EPRT first.");
        return;
    }
    transfer_ = {};
    transfer_.direction = direction;
    abort_reply_ = AbortReply::none;
    out_.emplace_back(action::OpenData{
        direction, protect_data_, setup_.backend_port, setup_.client_port});
    setup_ = {};
    phase_ = Phase::connecting_data;
}

Actions Dialogue::on_data(DataEvent event) {
    if (!transferring()) {
        return {};
    }
    switch (event.kind) {
        case DataEvent::Kind::backend_connected:
            data_connected();
            break;
        case DataEvent::Kind::backend_unreachable:
            phase_ = Phase::idle;
            answer(425, "The backend's data port is not reachable.");
            log_transfer(425, "backend's data port not reachable");
            break;
        case DataEvent::Kind::drained:
            transfer_.data = Transfer::Data::drained;
            settle();
            break;
        case DataEvent::Kind::complete:
            transfer_.data = Transfer::Data::complete;
            settle();
            break;
        case DataEvent::Kind::failed:
            data_failed(std::move(event));
            break;
    }
    pump();
    return take();
}

void Dialogue::data_connected() { forward(current_.line, Phase::transfer); }

void Dialogue::data_failed(DataEvent event) {
    // A backend that broke off itself will say so; it needs no ABOR.
    const bool abort = event.blame != DataEvent::Blame::backend;
    fail_data(std::move(event), abort ? AbortReply::swallow : AbortReply::none);
}

void Dialogue::transfer_reply(const Reply& reply) {
    if (reply.preliminary()) {
        answer(reply);
        if (transfer_.data == Transfer::Data::waiting) {
            transfer_.data = Transfer::Data::moving;
            out_.emplace_back(action::BeginData{});
        }
        return;
    }
    if (reply.code == 421) {
        end_with(reply, "backend said 421");
        return;
    }
    if (transfer_.final_reply) {
        end_with_421("Backend out of step.", "backend replied twice to a transfer");
        return;
    }
    transfer_.final_reply = reply;
    settle();
}

/// The client is told the end once both the backend's final reply and the data's fate are known.
void Dialogue::settle() {
    if (!transfer_.final_reply) {
        return;
    }
    if (transfer_.data == Transfer::Data::failed) {
        finish_transfer(failure_reply());
    } else if (transfer_.final_reply->completion()) {
        settle_success();
    } else {
        if (transfer_.data != Transfer::Data::complete) {
            out_.emplace_back(action::AbortData{});
        }
        finish_transfer(*transfer_.final_reply);
    }
}

void Dialogue::settle_success() {
    using Data = Transfer::Data;
    switch (transfer_.data) {
        case Data::waiting:  // a backend that sends no 150
            transfer_.data = Data::moving;
            out_.emplace_back(action::BeginData{});
            break;
        case Data::drained:
            transfer_.data = Data::finishing;
            out_.emplace_back(action::FinishData{});
            break;
        case Data::complete:
            finish_transfer(*transfer_.final_reply);
            break;
        default:
            break;  // the reply waits for the bytes it speaks of
    }
}

void Dialogue::finish_transfer(const Reply& reply) {
    phase_ = abort_reply_ == AbortReply::none ? Phase::idle : Phase::abort_reply;
    answer(reply);
    if (reply.completion()) {
        log_transfer(reply.code, "complete");
    } else if (transfer_.data == Transfer::Data::failed) {
        log_transfer(reply.code, transfer_.failure.text);
    } else {
        log_transfer(reply.code, "refused by the backend");
    }
    transfer_ = {};
}

void Dialogue::log_transfer(int code, std::string_view outcome) {
    out_.emplace_back(action::LogTransfer{
        user_, current_.verb, std::string{current_.argument()}, code, std::string{outcome}});
}

void Dialogue::fail_data(DataEvent failure, AbortReply abort_reply) {
    transfer_.data = Transfer::Data::failed;
    transfer_.failure = std::move(failure);
    if (!transfer_.final_reply && abort_reply != AbortReply::none) {
        out_.emplace_back(action::Forward{"ABOR"});
        abort_reply_ = abort_reply;
    }
    settle();
}

/// Never a success; the backend's own words where it knows better than we do.
Reply Dialogue::failure_reply() const {
    const DataEvent& failure = transfer_.failure;
    const bool backend_knows =
        failure.blame == DataEvent::Blame::backend ||
        (failure.code == 426 && transfer_.direction == TransferDirection::download);
    if (backend_knows && transfer_.final_reply->negative()) {
        return *transfer_.final_reply;
    }
    return make_reply(failure.code, failure.text);
}

void Dialogue::abort_by_client(Command command) {
    using Data = Transfer::Data;
    if (phase_ == Phase::connecting_data) {
        out_.emplace_back(action::AbortData{});
        answer(426, "Transfer aborted.");
        log_transfer(426, "aborted by the client");
        phase_ = Phase::idle;
        queue_.push_back(std::move(command));
        return;
    }
    if (transfer_.data == Data::failed && abort_reply_ == AbortReply::swallow && queue_.empty()) {
        abort_reply_ = AbortReply::relay;  // ours is on its way already
        return;
    }
    const bool over = transfer_.data == Data::complete || transfer_.data == Data::failed;
    const bool answered = transfer_.final_reply.has_value();
    const bool in_turn = queue_.empty() && !over && !answered;
    if (!over) {
        out_.emplace_back(action::AbortData{});
        fail_data(
            failure_of_client(426, "Transfer aborted."),
            in_turn ? AbortReply::relay : AbortReply::swallow
        );
    }
    if (!in_turn) {
        queue_.push_back(std::move(command));  // answered in its turn
    }
}

}  // namespace hsmfront::ftp
