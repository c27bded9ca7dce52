// Dialogue: who is served, and by which host: USER, PASS, ACCT, HOST, REIN.
#include "config/address.hpp"
#include "config/hosts.hpp"
#include "proxy/ftp/dialogue.hpp"

#include <string>

namespace hsmfront::ftp {

void Dialogue::handle_login() {
    if (protection_ == Protection::cleared && policy_.require_tls_control) {
        answer(530, "No login after CCC.");
        return;
    }
    if (current_.verb == "USER") {
        user_ = current_.argument();
    }
    handle_forward();
}

void Dialogue::login_reply(const Reply& reply) {
    const bool refused = reply.code == 530;
    if (refused) {
        // Before the client knows, so that nobody comes back uncounted.
        out_.emplace_back(action::CountRefusedLogin{});
    }
    out_.emplace_back(action::Answer{
        reply.serialise(), false, refused ? policy_.login_delay : std::chrono::milliseconds{}});
    if (reply.preliminary()) {
        return;
    }
    phase_ = Phase::idle;
    if (reply.code == 230 || reply.code == 232) {
        logged_in_ = true;
    } else if (reply.code == 421) {
        end("backend said 421", true);
    } else if (refused && ++refused_logins_ >= policy_.login_attempts) {
        end_with_421("Too many refused logins.", "too many refused logins");
    }
}

void Dialogue::handle_rein() {
    // Done here by a fresh backend connection: few backends know REIN.
    forget_login();
    // As at the start (RFC 4217 §13, RFC 7151 §3.2.1).
    protect_data_ = policy_.mode == config::FtpTlsMode::implicit_tls;
    select_host({});
    if (policy_.mode == config::FtpTlsMode::implicit_tls || protection_ == Protection::clear) {
        note_server_name(server_name_);
        connect_backend(true);
        return;
    }
    answer(220, "Service ready for a new user.");
    out_.emplace_back(action::DropBackend{});
    backend_up_ = false;
    server_name_.clear();
    const bool was_tls = protection_ == Protection::tls;
    protection_ = Protection::clear;
    if (was_tls) {
        out_.emplace_back(action::ClearTls{});  // RFC 4217 §13
        phase_ = Phase::switching;
    } else if (!policy_.require_tls_control) {
        connect_backend(false);
    }
}

/// RFC 7151. A host stands for a certificate and a backend, so one given in clear chooses the
/// certificate, and one given later begins anew with another backend connection (§3.2.2).
void Dialogue::handle_host() {
    if (policy_.hosts == nullptr || policy_.hosts->empty()) {
        handle_refused();
        return;
    }
    const std::string name = lower(current_.argument());
    const config::Host* host = config::find_host(*policy_.hosts, name);
    const bool same = host != nullptr && host->name == host_;
    if (logged_in_) {
        answer(503, "HOST is for before the login.");
    } else if (!config::is_host(name)) {
        answer(501, "HOST needs a host name.");
    } else if (!server_name_.empty() && name != server_name_) {
        answer(504, "HOST must be the name that TLS was begun for.");  // §4
    } else if (host == nullptr) {
        answer(504, "Unknown host.");
    } else if (!secured_for(*host)) {
        answer(504, "This host has other rules for TLS; begin TLS for its name.");
    } else if (!backend_up_ || (same && user_.empty())) {
        select_host(host->name);
        answer(220, "Host accepted.");
    } else {
        forget_login();
        select_host(host->name);
        connect_backend(true);
    }
}

/// Whether the client proved in its handshake what `host` asks for, such as a certificate. Without
/// SNI it did so for another host, or none.
bool Dialogue::secured_for(const config::Host& host) const {
    if (protection_ == Protection::clear) {
        return true;  // the handshake is to come
    }
    const config::Host* secured = config::find_host(*policy_.hosts, secured_host_);
    return (secured == nullptr ? config::TlsPolicy{} : secured->tls) == host.tls;
}

void Dialogue::select_host(std::string_view name) {
    if (host_ != name) {
        host_ = name;
        out_.emplace_back(action::SelectHost{host_});
    }
}

void Dialogue::note_server_name(std::string_view name) {
    server_name_ = lower(name);
    if (!server_name_.empty() && policy_.hosts != nullptr) {
        const config::Host* host = config::find_host(*policy_.hosts, server_name_);
        select_host(host != nullptr ? std::string_view{host->name} : std::string_view{});
    }
    secured_host_ = host_;
}

void Dialogue::forget_login() {
    logged_in_ = false;
    user_.clear();
    pbsz_done_ = false;
    setup_ = {};
    out_.emplace_back(action::DropListener{});
}

}  // namespace hsmfront::ftp
