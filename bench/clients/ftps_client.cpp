#include "bench/clients/ftps_client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <stdexcept>

namespace hsmfront::bench {
namespace {

constexpr std::size_t buffer_size = 64UL * 1024;

/// The port in "229 … (|||50000|)" or "227 … (127,0,0,1,195,80)".
std::uint16_t port_in(const std::string& reply) {
    const auto at = reply.find('(');
    const char* const text = at == std::string::npos ? "" : reply.c_str() + at;
    unsigned port = 0;
    std::array<unsigned, 6> n{};
    if (std::sscanf(text, "(|||%u|)", &port) == 1) {
        return static_cast<std::uint16_t>(port);
    }
    const int found =
        std::sscanf(text, "(%u,%u,%u,%u,%u,%u)", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]);
    if (found != 6) {
        throw std::runtime_error("no port in: " + reply);
    }
    return static_cast<std::uint16_t>(n[4] * 256 + n[5]);
}

Endpoint with_port(Endpoint endpoint, std::uint16_t port) {
    if (endpoint.address.ss_family == AF_INET6) {
        reinterpret_cast<sockaddr_in6&>(endpoint.address).sin6_port = htons(port);
    } else {
        reinterpret_cast<sockaddr_in&>(endpoint.address).sin_port = htons(port);
    }
    return endpoint;
}

}  // namespace

FtpsClient::FtpsClient(SSL_CTX* ctx, const FtpsAccount& account)
    : ctx_(ctx), account_(account), control_(account.server) {
    reply("220");
    ask("AUTH TLS", "234");
    control_.secure(ctx_, nullptr, this);
    ask("USER " + account.user, "331");
    ask("PASS " + account.password, "230");
}

void FtpsClient::keep_sessions(SSL_CTX* ctx) {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
}

int FtpsClient::keep_session(SSL* ssl, SSL_SESSION* session) {
    static_cast<FtpsClient*>(FtpsConnection::owner_of(ssl))->session_.reset(session);
    return 1;
}

void FtpsClient::prepare_transfers() {
    buffer_.resize(buffer_size);
    ask("PBSZ 0", "200");
    ask("PROT P", "200");
    ask("TYPE I", "200");
}

std::uint64_t FtpsClient::download(const std::string& name) {
    std::optional<FtpsConnection> data;
    open_data(data, "RETR " + name);
    std::uint64_t total = 0;
    while (const std::size_t count = data->read(buffer_)) {
        total += count;
    }
    data->finish();
    reply("226");
    return total;
}

void FtpsClient::upload(const std::string& name, std::uint64_t size) {
    std::optional<FtpsConnection> data;
    open_data(data, "STOR " + name);
    while (size != 0) {
        const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(size, buffer_size));
        data->write({buffer_.data(), piece});
        size -= piece;
    }
    data->finish();
    reply("226");
}

void FtpsClient::open_data(std::optional<FtpsConnection>& data, const std::string& command) {
    const std::string passive = ask(account_.extended ? "EPSV" : "PASV", "22");
    data.emplace(with_port(account_.server, port_in(passive)));
    ask(command, "150");
    // A copy: OpenSSL uses a session of TLS 1.3 but once, and not every transfer brings a new one.
    const SslSessionPtr session(session_ ? SSL_SESSION_dup(session_.get()) : nullptr);
    data->secure(ctx_, session.get(), this);
    not_resumed_ += data->resumed() ? 0 : 1;
}

void FtpsClient::quit() {
    ask("QUIT", "221");
    while (!line().empty()) {
    }
}

void FtpsClient::send(std::string_view command) { control_.write(std::string(command) + "\r\n"); }

std::string FtpsClient::ask(std::string_view command, std::string_view expected) {
    send(command);
    return reply(expected);
}

std::string FtpsClient::reply(std::string_view expected) {
    std::string text;
    do {
        text = line();
        if (text.empty()) {
            throw std::runtime_error("the server closed the control connection");
        }
    } while (text.size() < 4 || std::isdigit(static_cast<unsigned char>(text[0])) == 0 ||
             text[3] != ' ');
    if (!text.starts_with(expected)) {
        throw std::runtime_error("the server replied: " + text);
    }
    return text;
}

/// Without its CRLF; empty at the end of the connection.
std::string FtpsClient::line() {
    for (;;) {
        const auto end = pending_.find("\r\n");
        if (end != std::string::npos) {
            std::string result = pending_.substr(0, end);
            pending_.erase(0, end + 2);
            return result;
        }
        std::array<char, 1024> buffer{};
        const std::size_t count = control_.read(buffer);
        if (count == 0) {
            return {};
        }
        pending_.append(buffer.data(), count);
    }
}

}  // namespace hsmfront::bench
