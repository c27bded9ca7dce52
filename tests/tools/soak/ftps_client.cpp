#include "tests/tools/soak/ftps_client.hpp"

#include <array>
#include <cctype>
#include <cstdio>

namespace soak {
namespace {

using SessionPtr = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

/// The port in "229 … (|||50000|)" or "227 … (127,0,0,1,195,80)"; 0 if there is none.
std::uint16_t port_in(const std::string& reply) {
    const auto at = reply.find('(');
    if (at == std::string::npos) {
        return 0;
    }
    unsigned port = 0;
    std::array<unsigned, 6> n{};
    if (std::sscanf(reply.c_str() + at, "(|||%u|)", &port) == 1) {
        return static_cast<std::uint16_t>(port);
    }
    const int found = std::sscanf(
        reply.c_str() + at, "(%u,%u,%u,%u,%u,%u)", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]
    );
    return found == 6 ? static_cast<std::uint16_t>(n[4] * 256 + n[5]) : std::uint16_t{0};
}

std::string port_command(const Style& style, unsigned port) {
    if (style.extended) {
        return (style.family == AF_INET6 ? "EPRT |2|::1|" : "EPRT |1|127.0.0.1|") +
               std::to_string(port) + "|";
    }
    return "PORT 127,0,0,1," + std::to_string(port / 256) + "," + std::to_string(port % 256);
}

}  // namespace

FtpsClient::FtpsClient(Style style)
    : style_(style), ctx_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(ctx_.get(), style.version);
    SSL_CTX_set_max_proto_version(ctx_.get(), style.version);
}

bool FtpsClient::log_in(const Front& front) {
    control_.emplace(
        connect_to(style_.family, style_.implicit ? front.implicit_port : front.explicit_port)
    );
    if (!control_->open()) {
        return false;
    }
    if (!style_.implicit && (reply() != 220 || ask("AUTH TLS") != 234)) {
        return false;
    }
    if (!control_->secure(ctx_.get(), nullptr) || (style_.implicit && reply() != 220)) {
        return false;
    }
    return ask("USER ftp") == 331 && ask("PASS soak") == 230 && ask("PBSZ 0") == 200 &&
           ask("PROT P") == 200 && ask("TYPE I") == 200;
}

bool FtpsClient::line(std::string& result) {
    for (;;) {
        const auto end = pending_.find("\r\n");
        if (end != std::string::npos) {
            result = pending_.substr(0, end);
            pending_.erase(0, end + 2);
            return true;
        }
        std::array<char, 4096> buffer{};
        std::size_t count = 0;
        const Read read = control_->read(buffer, count);
        if (read != Read::bytes) {
            unanswered_ = read == Read::silent;
            return false;
        }
        pending_.append(buffer.data(), count);
    }
}

int FtpsClient::reply() {
    do {
        if (!control_->open() || !line(text_)) {
            return 0;
        }
    } while (text_.size() < 4 || std::isdigit(static_cast<unsigned char>(text_[0])) == 0 ||
             text_[3] != ' ');
    return std::stoi(text_.substr(0, 3));
}

bool FtpsClient::send(std::string_view command) {
    const std::string wire = std::string(command) + "\r\n";
    return control_->open() && control_->write({wire.data(), wire.size()});
}

int FtpsClient::ask(std::string_view command) { return send(command) ? reply() : 0; }

int FtpsClient::prepare() {
    listener_.close();
    if (style_.active) {
        listener_ = listen_at(style_.family);
        return ask(port_command(style_, port_of(listener_)));
    }
    const int code = ask(style_.extended ? "EPSV" : "PASV");
    port_ = code == 227 || code == 229 ? port_in(text_) : std::uint16_t{0};
    return code;
}

std::optional<Connection> FtpsClient::open_data() {
    Connection data(style_.active ? accept_from(listener_) : connect_to(style_.family, port_));
    listener_.close();
    const SessionPtr session(SSL_get1_session(control_->tls()), SSL_SESSION_free);
    if (!data.open() || !data.secure(ctx_.get(), style_.resume ? session.get() : nullptr)) {
        return std::nullopt;
    }
    return data;
}

}  // namespace soak
