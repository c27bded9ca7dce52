// ControlSession: its lines at level info, one for each transfer and one at the end.
#include "proxy/ftp/control_session.hpp"
#include "proxy/ftp/endpoint.hpp"

#include <string>
#include <string_view>

namespace hsmfront::ftp {
namespace {

/// What a peer said, so that it cannot pass for another part of the line.
std::string in_quotes(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            result.push_back('\\');
        }
        result.push_back(c);
    }
    return result.append("\"");
}

std::int64_t milliseconds_since(net::Clock::time_point start) {
    return std::chrono::duration_cast<net::milliseconds>(net::Clock::now() - start).count();
}

}  // namespace

net::Task<void> ControlSession::perform(action::LogTransfer transfer) {
    const TransferFacts& facts = channel_ != nullptr ? channel_->facts() : facts_;
    Traffic::Transfers& counted = traffic_.of(kind_of(transfer.verb));
    ++(transfer.outcome == "complete" ? counted.complete : counted.failed);
    counted.bytes += facts.bytes;
    log_.record(
        "ftps transfer user={} command={} path={} bytes={} peer={} tls={} resumed={} "
        "code={} duration={}ms outcome={}",
        in_quotes(transfer.user),
        transfer.verb,
        in_quotes(transfer.path),
        facts.bytes,
        facts.peer.port() == 0 ? "none" : to_string(facts.peer),
        facts.tls_version,
        facts.resumed,
        transfer.code,
        milliseconds_since(facts.started),
        in_quotes(transfer.outcome)
    );
    co_return;
}

net::SessionFacts ControlSession::facts() const {
    net::SessionFacts facts;
    facts.id = log_.id();
    facts.protocol = mode_ == config::FtpTlsMode::implicit_tls ? "FTPS implicit" : "FTPS explicit";
    facts.client = to_string(peer_);
    facts.via = via_ ? to_string(via_->peer) : "";
    facts.age = net::milliseconds(milliseconds_since(started_));
    facts.received = totals_.uploaded;
    facts.sent = totals_.downloaded;
    facts.units = totals_.transfers;
    if (dialogue_.logged_in()) {
        facts.user = dialogue_.user();
    } else {
        facts.doing = "login";
    }
    if (channel_ != nullptr) {
        const bool upload = channel_->direction() == TransferDirection::upload;
        (upload ? facts.received : facts.sent) += channel_->facts().bytes;
        facts.doing = dialogue_.verb();
    }
    if (backend_ != nullptr) {
        facts.backend = to_string(backend_->peer);
    }
    return facts;
}

void ControlSession::log_end() const {
    const auto& backend = backend_endpoint();
    log_.end(
        dialogue_.logged_in(),
        "ftps client={}{} listener={} backend={}:{} tls={} resumed={}{} "
        "transfers={} up={} down={} duration={}ms reason=\"{}\"",
        to_string(peer_),
        via_ ? " via=" + to_string(via_->peer) : "",
        to_string(local_),
        backend.address,
        backend.port,
        totals_.tls_version,
        totals_.resumed,
        totals_.client_certificate.empty()
            ? ""
            : " certificate=" + in_quotes(totals_.client_certificate),
        totals_.transfers,
        totals_.uploaded,
        totals_.downloaded,
        milliseconds_since(started_),
        !failed_handshake_.empty() ? failed_handshake_
        : stop_                    ? "stopped"
                                   : reason_
    );
}

}  // namespace hsmfront::ftp
