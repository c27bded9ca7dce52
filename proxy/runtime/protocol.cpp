#include "proxy/runtime/protocol.hpp"

#include "certs/errc.hpp"

#include <openssl/x509.h>

#include <filesystem>

namespace hsmfront::runtime {
namespace {

using certs::Loaded;

std::filesystem::path chain_file(const config::Settings& settings, const std::string& alias) {
    return settings.certificates / (alias + ".pem");
}

/// Where load_chain() found the certificate, for messages.
std::string certificate_source(const config::Settings& settings, const std::string& alias) {
    std::error_code ignored;
    const auto file = chain_file(settings, alias);
    return std::filesystem::exists(file, ignored) ? file.string() : "the one in the token";
}

Loaded<tls::Identity> load_identity(
    const config::Settings& settings, const std::string& alias, certs::Hsm* hsm
) {
    auto chain = load_chain(settings, alias, hsm);
    if (!chain) {
        return chain.error();
    }
    tls::Identity identity{alias, std::move(*chain), {}};
    if (hsm != nullptr) {
        auto key = hsm->find_key(alias, X509_get0_pubkey(identity.chain.leaf()));
        if (!key) {
            auto failure = key.error();
            if (failure.code == make_error_code(certs::Errc::key_mismatch)) {
                failure.message += "; certificate: " + certificate_source(settings, alias);
            }
            return failure;
        }
        identity.key = std::move(*key);
        return identity;
    }
    auto key = certs::read_private_key(settings.certificates / (alias + ".key"));
    if (!key) {
        return key.error();
    }
    if (auto matches = certs::check_match(identity.chain, key->get(), alias); !matches) {
        return matches.error();
    }
    identity.key = std::move(*key);
    return identity;
}

std::vector<std::string> alpn(Protocol protocol) {
    return protocol == Protocol::ftp ? std::vector<std::string>{"ftp"}
                                     : std::vector<std::string>{"http/1.1", "http/1.0"};
}

}  // namespace

std::string_view name(Protocol protocol) { return protocol == Protocol::ftp ? "ftp" : "http"; }

bool enabled(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.enabled : settings.http.enabled;
}

bool uses_hsm(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.hsm_enabled : settings.http.hsm_enabled;
}

const std::vector<std::string>& aliases(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.aliases : settings.http.aliases;
}

Loaded<certs::Chain> load_chain(
    const config::Settings& settings, const std::string& alias, certs::Hsm* hsm
) {
    const auto file = chain_file(settings, alias);
    std::error_code ignored;
    if (hsm != nullptr && !std::filesystem::exists(file, ignored)) {
        auto chain = hsm->find_certificate(alias);
        if (!chain) {
            auto failure = chain.error();
            failure.message += "; nor is there a file " + file.string();
            return failure;
        }
        return chain;
    }
    return certs::read_chain(file);
}

Loaded<std::shared_ptr<const tls::Context>> load_context(
    const config::Settings& settings, Protocol protocol, certs::Hsm* hsm
) {
    std::vector<tls::Identity> identities;
    for (const auto& alias : aliases(settings, protocol)) {
        auto identity = load_identity(settings, alias, hsm);
        if (!identity) {
            return identity.error();
        }
        identities.push_back(std::move(*identity));
    }
    tls::Context::Options options{settings.tls, alpn(protocol), std::string(name(protocol))};
    return tls::Context::create(options, std::move(identities));
}

}  // namespace hsmfront::runtime
