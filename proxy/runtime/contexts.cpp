#include "proxy/runtime/contexts.hpp"

#include "certs/errc.hpp"
#include "config/tls_layers.hpp"
#include "proxy/tls/policy_check.hpp"

#include <spdlog/fmt/chrono.h>

#include <algorithm>
#include <set>

namespace hsmfront::runtime {
namespace {

using certs::Loaded;

tls::Context::Options options_of(const config::Settings& settings, Protocol protocol) {
    tls::Context::Options options;
    options.ticket_lifetime = settings.tls.tickets.lifetime;
    options.ktls = settings.tls.ktls;
    options.protocol = name(protocol);
    options.session_ids = protocol == Protocol::ftp || settings.tls.session_cache != 0;
    if (protocol == Protocol::ftp) {
        // FileZilla offers "x-filezilla-ftp" before "ftp"; taking it would promise rules of its own
        // server's. On data connections some send FileZilla's "ftp-data", some what they sent on
        // the control connection, most nothing.
        options.alpn = {"ftp"};
        options.data_alpn = {"ftp-data", "ftp"};
    } else {
        options.alpn = {"http/1.1", "http/1.0"};
        if (settings.http.http2) {
            options.alpn.insert(options.alpn.begin(), "h2");
        }
    }
    return options;
}

config::TlsLayers layers_of(const config::Settings& settings, Protocol protocol) {
    return protocol == Protocol::ftp ? config::ftp_tls_layers(settings)
                                     : config::http_tls_layers(settings);
}

class ContextMaker {
  public:
    ContextMaker(
        const config::Settings& settings,
        Protocol protocol,
        const Identities& identities,
        const std::shared_ptr<tls::Resumption>& resumption
    )
        : settings_(settings),
          protocol_(protocol),
          layers_(layers_of(settings, protocol)),
          identities_(identities),
          options_(options_of(settings, protocol)) {
        options_.resumption = resumption;
        options_.trusts = &trusts_;
    }

    Loaded<ListenerContexts> make() {
        ListenerContexts contexts;
        for (std::size_t i = 0; i < layers_.listeners.size(); ++i) {
            const auto same = std::ranges::find_if(layers_.listeners, [&](const auto* other) {
                return *other == *layers_.listeners[i];
            });
            const auto first = static_cast<std::size_t>(same - layers_.listeners.begin());
            if (first < i) {
                contexts.push_back(contexts[first]);
                continue;
            }
            auto context = make_listener(i);
            if (!context) {
                return context.error();
            }
            contexts.push_back(std::move(*context));
        }
        return contexts;
    }

  private:
    using Made = Loaded<std::shared_ptr<const tls::Context>>;

    Made make_listener(std::size_t listener) {
        std::vector<tls::NamedContext> named;
        for (const auto& host : hosts(settings_, protocol_)) {
            auto context = make_one(listener, &host, host.aliases, {});
            if (!context) {
                return context;
            }
            named.push_back({host.name, std::move(*context)});
        }
        return make_one(listener, nullptr, aliases(settings_, protocol_), std::move(named));
    }

    Made make_one(
        std::size_t listener,
        const config::Host* host,
        const std::vector<std::string>& aliases,
        std::vector<tls::NamedContext> named
    ) {
        auto options = options_;
        options.tls = config::resolve_tls(layers_, listener, host);
        options.host = host == nullptr ? "" : host->name;
        options.hosts = std::move(named);
        std::vector<tls::IdentityPtr> served;
        for (const auto& alias : aliases) {
            if (const auto found = identities_.find(alias); found != identities_.end()) {
                served.push_back(found->second);
            }
        }
        return tls::Context::create(options, served);
    }

    const config::Settings& settings_;
    const Protocol protocol_;
    const config::TlsLayers layers_;
    const Identities& identities_;
    tls::ClientTrusts trusts_;
    tls::Context::Options options_;
};

}  // namespace

Loaded<ListenerContexts> make_contexts(
    const config::Settings& settings,
    Protocol protocol,
    const Identities& identities,
    const std::shared_ptr<tls::Resumption>& resumption
) {
    auto problems = common_policy_problems(settings);
    if (problems.empty()) {
        problems = policy_problems(settings, protocol);
    }
    if (!problems.empty()) {
        return certs::Failure{
            make_error_code(certs::Errc::file_malformed),
            problems.front().key + ": " + problems.front().message};
    }
    return ContextMaker(settings, protocol, identities, resumption).make();
}

std::vector<std::filesystem::path> client_certificate_files(
    const config::Settings& settings, Protocol protocol
) {
    const config::TlsLayers layers = layers_of(settings, protocol);
    std::set<std::filesystem::path> files;
    const auto add = [&](std::size_t listener, const config::Host* host) {
        const auto asked = config::resolve_tls(layers, listener, host).client_certificate;
        if (asked.mode != config::ClientCertificateMode::none) {
            files.insert(asked.ca);
            files.insert(asked.crl.begin(), asked.crl.end());
        }
    };
    for (std::size_t i = 0; i < layers.listeners.size(); ++i) {
        add(i, nullptr);
        for (const auto& host : *layers.hosts) {
            add(i, &host);
        }
    }
    return {files.begin(), files.end()};
}

std::vector<config::Problem> common_policy_problems(const config::Settings& settings) {
    return tls::policy_problems(settings.tls.policy, "tls");
}

std::vector<config::Problem> policy_problems(const config::Settings& settings, Protocol protocol) {
    const auto layers = layers_of(settings, protocol);
    auto problems = tls::policy_problems(*layers.protocol, layers.name + ".tls");
    for (const config::Host& host : *layers.hosts) {
        auto more = tls::policy_problems(host.tls, layers.name + ".hosts[" + host.name + "].tls");
        problems.insert(problems.end(), more.begin(), more.end());
    }
    return problems;
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
