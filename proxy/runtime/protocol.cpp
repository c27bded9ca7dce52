#include "proxy/runtime/protocol.hpp"

#include "certs/errc.hpp"

#include <openssl/x509.h>
#include <spdlog/fmt/chrono.h>

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

Loaded<std::vector<tls::Identity>> load_identities(
    const config::Settings& settings, const std::vector<std::string>& aliases, certs::Hsm* hsm
) {
    std::vector<tls::Identity> identities;
    for (const auto& alias : aliases) {
        auto identity = load_identity(settings, alias, hsm);
        if (!identity) {
            return identity.error();
        }
        identities.push_back(std::move(*identity));
    }
    return identities;
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

const std::vector<config::Host>& hosts(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? settings.ftp.hosts : settings.http.hosts;
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

std::vector<config::Endpoint> endpoints(const config::Settings& settings, Protocol protocol) {
    std::vector<config::Endpoint> found;
    if (protocol == Protocol::ftp) {
        for (const auto& listener : settings.ftp.listen) {
            found.push_back(listener.endpoint);
        }
        return found;
    }
    found = settings.http.listen;
    found.insert(found.end(), settings.http.redirect.begin(), settings.http.redirect.end());
    return found;
}

tls::Context::Options tls_options(const config::Settings& settings, Protocol protocol) {
    tls::Context::Options options;
    options.tls = settings.tls;
    options.session_context = name(protocol);
    if (protocol == Protocol::ftp) {
        // FileZilla offers "x-filezilla-ftp" before "ftp"; taking it would promise rules of its own
        // server's. On data connections some send FileZilla's "ftp-data", some what they sent on
        // the control connection, most nothing.
        options.alpn = {"ftp"};
        options.data_alpn = {"ftp-data", "ftp"};
        options.session_ids = true;
    } else {
        options.alpn = {"http/1.1", "http/1.0"};
        if (settings.http.http2) {
            options.alpn.insert(options.alpn.begin(), "h2");
        }
    }
    return options;
}

Loaded<std::shared_ptr<const tls::Context>> load_context(
    const config::Settings& settings,
    Protocol protocol,
    certs::Hsm* hsm,
    const tls::Context* predecessor
) {
    auto options_of_all = tls_options(settings, protocol);
    options_of_all.predecessor = predecessor;
    auto options = options_of_all;
    for (const auto& host : hosts(settings, protocol)) {
        auto identities = load_identities(settings, host.aliases, hsm);
        if (!identities) {
            return identities.error();
        }
        auto context = tls::Context::create(options_of_all, std::move(*identities));
        if (!context) {
            return context.error();
        }
        options.hosts.push_back({host.name, std::move(*context)});
        // One set of ticket keys for all: what a connection to the default context was given, its
        // data connections bring to the host's.
        options_of_all.predecessor = options.hosts.front().context.get();
    }
    options.predecessor = options_of_all.predecessor;
    auto identities = load_identities(settings, aliases(settings, protocol), hsm);
    if (!identities) {
        return identities.error();
    }
    return tls::Context::create(options, std::move(*identities));
}

std::string summary(const tls::Context& context) {
    std::string text;
    for (const auto& one : context.certificates()) {
        text += (text.empty() ? "" : ", ");
        text += one.alias;
        text += fmt::format(" ({}, until {:%Y-%m-%d})", one.type, fmt::gmtime(one.not_after));
    }
    return text;
}

}  // namespace hsmfront::runtime
