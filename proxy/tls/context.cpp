#include "proxy/tls/context.hpp"

#include "proxy/tls/policy.hpp"

#include <openssl/x509v3.h>

#include <algorithm>

namespace hsmfront::tls {
namespace {

const NamedContext* find_exact(const std::vector<NamedContext>& hosts, std::string_view name) {
    const auto found = std::find_if(hosts.begin(), hosts.end(), [name](const auto& host) {
        return host.name == name;
    });
    return found == hosts.end() ? nullptr : &*found;
}

}  // namespace

const NamedContext* Context::find_host(std::string_view name) const {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const NamedContext* host = find_exact(hosts_, lower);
    const auto dot = lower.find('.');
    if (host == nullptr && dot != std::string::npos) {
        host = find_exact(hosts_, "*" + lower.substr(dot));
    }
    return host;
}

std::shared_ptr<const Context> Context::host(std::string_view name) const {
    const NamedContext* found = find_host(name);
    return found == nullptr ? nullptr : found->context;
}

bool Context::available() const {
    return !certificates_.empty() &&
           std::all_of(remote_keys_.begin(), remote_keys_.end(), [](const auto& key) {
               return key->available();
           });
}

bool Context::certifies(const std::string& name) const {
    return std::any_of(leaves_.begin(), leaves_.end(), [&name](const auto& leaf) {
        return X509_check_host(leaf.get(), name.data(), name.size(), 0, nullptr) == 1;
    });
}

void Context::take_over(SSL* ssl, const Context& previous) const {
    // Certificates, ciphers, signature algorithms, CA, session id context, ALPN, status.
    SSL_set_SSL_CTX(ssl, ctx_.get());
    SSL_set_min_proto_version(ssl, SSL_CTX_get_min_proto_version(ctx_.get()));
    SSL_set_max_proto_version(ssl, SSL_CTX_get_max_proto_version(ctx_.get()));
    if (tls_.server_preference != previous.tls_.server_preference) {
        tls_.server_preference ? SSL_set_options(ssl, server_preference)
                               : SSL_clear_options(ssl, server_preference);
    }
    if (tls_.groups != previous.tls_.groups) {
        SSL_set1_groups_list(ssl, tls_.groups.c_str());
    }
    SSL_set_verify(
        ssl, SSL_CTX_get_verify_mode(ctx_.get()), SSL_CTX_get_verify_callback(ctx_.get())
    );
    SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(ctx_.get()));
}

}  // namespace hsmfront::tls
