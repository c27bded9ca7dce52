#include "proxy/runtime/identities.hpp"

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

}  // namespace

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

Loaded<Identities> load_identities(
    const config::Settings& settings, Protocol protocol, certs::Hsm* hsm
) {
    std::vector<std::string> wanted = aliases(settings, protocol);
    for (const auto& host : hosts(settings, protocol)) {
        wanted.insert(wanted.end(), host.aliases.begin(), host.aliases.end());
    }
    Identities identities;
    for (const auto& alias : wanted) {
        if (identities.contains(alias)) {
            continue;
        }
        auto identity = load_identity(settings, alias, hsm);
        if (!identity) {
            return identity.error();
        }
        identities[alias] = std::make_shared<const tls::Identity>(std::move(*identity));
    }
    return identities;
}

}  // namespace hsmfront::runtime
