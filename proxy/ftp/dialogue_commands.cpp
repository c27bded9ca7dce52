// Dialogue: what each command does, but for logins and data connections.
#include "proxy/ftp/dialogue.hpp"
#include "proxy/ftp/endpoint.hpp"
#include "proxy/ftp/errc.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace hsmfront::ftp {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// RFC 3659 §5.3; as large as off_t can be.
bool is_file_offset(std::string_view text) {
    std::int64_t offset = 0;
    const char* const end = text.data() + text.size();
    const auto [position, error] = std::from_chars(text.data(), end, offset);
    return error == std::errc{} && position == end && offset >= 0 && text.front() != '-';
}

}  // namespace

Dialogue::Handler Dialogue::handler_of(Role role) {
    // clang-format off
    static constexpr std::array<Handler, static_cast<std::size_t>(Role::count)> handlers{
        &Dialogue::handle_forward,
        &Dialogue::handle_invalid,
        &Dialogue::handle_http,
        &Dialogue::handle_login,
        &Dialogue::handle_auth,
        &Dialogue::handle_pbsz,
        &Dialogue::handle_prot,
        &Dialogue::handle_ccc,
        &Dialogue::handle_rein,
        &Dialogue::handle_host,
        &Dialogue::handle_feat,
        &Dialogue::handle_noop,
        &Dialogue::handle_quit,
        &Dialogue::handle_forward,  // ABOR without a transfer
        &Dialogue::handle_passive,
        &Dialogue::handle_extended_passive,
        &Dialogue::handle_port,
        &Dialogue::handle_extended_port,
        &Dialogue::handle_upload,
        &Dialogue::handle_download,
        &Dialogue::handle_restart,
        &Dialogue::handle_refused,
    };
    // clang-format on
    return handlers[static_cast<std::size_t>(role)];
}

void Dialogue::handle_forward() { forward(current_.line, Phase::reply); }

void Dialogue::handle_invalid() { answer(500, "Syntax error, command unrecognized."); }

void Dialogue::handle_http() { end("HTTP on the control connection", false); }

void Dialogue::handle_auth() {
    const std::string mechanism = upper(current_.argument());
    if (protection_ != Protection::clear) {
        answer(503, "The control connection was secured already.");
    } else if (mechanism.empty()) {
        answer(501, "AUTH needs a mechanism.");
    } else if (mechanism != "TLS" && mechanism != "TLS-C" && mechanism != "SSL") {
        answer(504, "Unknown mechanism, use AUTH TLS.");
    } else {
        const Reply reply = make_reply(234, "AUTH " + mechanism + " ok.");  // RFC 4217 §4.2
        out_.emplace_back(action::StartTls{reply.serialise()});
        phase_ = Phase::switching;
    }
}

void Dialogue::handle_pbsz() {
    if (protection_ != Protection::tls) {
        answer(503, "PBSZ needs AUTH TLS first.");
    } else if (!is_number(current_.argument())) {
        answer(501, "PBSZ needs a number.");
    } else {
        pbsz_done_ = true;
        answer(200, "PBSZ=0");
    }
}

void Dialogue::handle_prot() {
    const std::string level = upper(current_.argument());
    if (protection_ != Protection::tls) {
        answer(503, "PROT needs AUTH TLS first.");
    } else if (!pbsz_done_) {
        answer(503, "PROT needs PBSZ first.");
    } else if (level == "P") {
        protect_data_ = true;
        answer(200, "Data connections are protected.");
    } else if (level == "C" && policy_.require_tls_data) {
        answer(534, "Data connections must be protected.");
    } else if (level == "C") {
        protect_data_ = false;
        answer(200, "Data connections are in clear.");
    } else if (level == "S" || level == "E") {
        answer(536, "Level not supported by TLS, use PROT P.");
    } else {
        answer(504, "Unknown level, use PROT P.");
    }
}

void Dialogue::handle_ccc() {
    if (protection_ != Protection::tls) {
        answer(533, "The control connection is not protected.");
    } else if (!offers_ccc()) {
        answer(534, "The control connection stays protected.");
    } else if (!logged_in_) {
        answer(533, "CCC needs a login first.");
    } else {
        answer(200, "The control connection goes on in clear.");
        out_.emplace_back(action::ClearTls{});
        protection_ = Protection::cleared;
        phase_ = Phase::switching;
    }
}

void Dialogue::handle_feat() {
    if (backend_up_) {
        handle_forward();
    } else {
        answer(merge_features(nullptr, own_features()));
    }
}

void Dialogue::handle_noop() {
    if (backend_up_) {
        handle_forward();
    } else {
        answer(200, "NOOP ok.");
    }
}

void Dialogue::handle_quit() {
    if (backend_up_) {
        handle_forward();
    } else {
        answer(221, "Goodbye.");
        end("client quit", true);
    }
}

void Dialogue::handle_upload() { start_transfer(TransferDirection::upload); }

void Dialogue::handle_download() { start_transfer(TransferDirection::download); }

/// Servers took negative and overflowing offsets for others (proftpd/proftpd#2286).
void Dialogue::handle_restart() {
    if (!is_file_offset(current_.argument())) {
        answer(501, "REST needs an offset in bytes.");
        return;
    }
    handle_forward();
}

void Dialogue::handle_refused() { answer(502, "Command not implemented."); }

void Dialogue::handle_passive() {
    if (refuse_after_epsv_all()) {
        return;
    }
    if (!policy_.advertised) {
        answer(425, "PASV is for IPv4 only, use EPSV.");
        return;
    }
    set_up_data(std::nullopt);
}

void Dialogue::handle_extended_passive() {
    const std::string argument = upper(current_.argument());
    const std::string family = unmapped(policy_.client).is_v4() ? "1" : "2";
    if (argument == "ALL") {
        epsv_all_ = true;
        answer(200, "EPSV ALL ok.");
    } else if (argument.empty() || argument == family) {
        set_up_data(std::nullopt);
    } else if (is_number(argument)) {
        answer(522, "Network protocol not supported, use (" + family + ")");
    } else {
        answer(501, "EPSV takes a network protocol or ALL.");
    }
}

void Dialogue::handle_port() {
    if (refuse_after_epsv_all()) {
        return;
    }
    const auto endpoint = parse_port(current_.argument());
    if (!endpoint) {
        answer(501, "PORT needs six numbers.");
        return;
    }
    accept_client_endpoint(*endpoint);
}

void Dialogue::handle_extended_port() {
    if (refuse_after_epsv_all()) {
        return;
    }
    const bool v4 = unmapped(policy_.client).is_v4();
    const auto endpoint = parse_eprt(current_.argument());
    const bool unsupported = endpoint
                                 ? endpoint->address().is_v4() != v4
                                 : endpoint.error() == make_error_code(Errc::unsupported_family);
    if (unsupported) {
        answer(
            522,
            v4 ? "Network protocol not supported, use (1)"
               : "Network protocol not supported, use (2)"
        );
    } else if (!endpoint) {
        answer(501, "EPRT needs |protocol|address|port|.");
    } else {
        accept_client_endpoint(*endpoint);
    }
}

}  // namespace hsmfront::ftp
