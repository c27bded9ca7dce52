#include "tests/harness/ftps_client.hpp"

#include <algorithm>
#include <regex>
#include <stdexcept>
#include <utility>

namespace hsmfront::test {

FtpsClient::FtpsClient(std::uint16_t port, FtpsClientOptions options)
    : options_(std::move(options)),
      context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
      control_(Wire::connect(options_.address, port, options_.source)) {
    SSL_CTX* const context = context_.get();
    SSL_CTX_set_min_proto_version(context, options_.tls_version);
    SSL_CTX_set_max_proto_version(context, options_.tls_version);
    SSL_CTX_set_session_cache_mode(
        context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE
    );
    SSL_CTX_sess_set_new_cb(context, keep_session);
    SSL_CTX_set_app_data(context, this);
    if (!options_.certificate.empty() &&
        (SSL_CTX_use_certificate_chain_file(context, options_.certificate.c_str()) != 1 ||
         SSL_CTX_use_PrivateKey_file(context, options_.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
        throw std::runtime_error("no client certificate: " + options_.certificate.string());
    }
}

int FtpsClient::keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* const client = static_cast<FtpsClient*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    if (ssl != client->control_.ssl()) {
        return 0;
    }
    client->session_ = TlsSession(session, SSL_SESSION_free);
    return 1;
}

bool FtpsClient::secure() { return control_.secure(context(), nullptr, options_.server_name); }

void FtpsClient::send(std::string_view command) {
    control_.send(std::string(command).append("\r\n"));
}

std::string FtpsClient::reply() {
    std::string text = control_.line();
    const std::string end = text.substr(0, 3) + " ";
    const bool more = text.size() > 3 && text[3] == '-';
    for (std::string line; more && !line.starts_with(end) && !line.starts_with("<");) {
        line = control_.line();
        text += "\r\n" + line;
    }
    return text;
}

std::string FtpsClient::ask(std::string_view command) {
    send(command);
    return reply();
}

Wire FtpsClient::connect_data(std::uint16_t port, const std::string& source) const {
    return Wire::connect(options_.address, port, source.empty() ? options_.source : source);
}

bool FtpsClient::secure_data(Wire& data, const TlsSession& session) {
    return data.secure(context(), session, options_.server_name);
}

std::uint16_t passive_port_in(const std::string& reply) {
    std::smatch found;
    if (std::regex_search(reply, found, std::regex(R"(^229 .*\(\|\|\|(\d+)\|\))"))) {
        return static_cast<std::uint16_t>(std::stoul(found[1]));
    }
    if (std::regex_search(reply, found, std::regex(R"(^227 .*\(\d+,\d+,\d+,\d+,(\d+),(\d+)\))"))) {
        return static_cast<std::uint16_t>(std::stoul(found[1]) * 256 + std::stoul(found[2]));
    }
    return 0;
}

std::string port_argument(const std::string& address, std::uint16_t port) {
    std::string argument = address;
    std::ranges::replace(argument, '.', ',');
    return argument + "," + std::to_string(port / 256) + "," + std::to_string(port % 256);
}

}  // namespace hsmfront::test
