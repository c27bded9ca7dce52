#include "proxy/runtime/check.hpp"

#include "certs/crl.hpp"
#include "config/tls_layers.hpp"
#include "config/validator_http.hpp"
#include "proxy/net/executor.hpp"
#include "proxy/runtime/check_certificates.hpp"
#include "proxy/runtime/contexts.hpp"
#include "proxy/runtime/file_confinement.hpp"
#include "proxy/runtime/identities.hpp"
#include "proxy/runtime/listeners.hpp"
#include "proxy/runtime/protocol.hpp"
#include "proxy/tls/fips.hpp"

#include <openssl/asn1.h>
#include <openssl/x509.h>

#include <filesystem>
#include <set>
#include <tuple>
#include <unistd.h>

namespace hsmfront::runtime {
namespace {

using config::Problem;
using Severity = config::Problem::Severity;

constexpr int warn_days = 30;
/// What a connection takes at least, idle and over HTTP/1.1.
constexpr std::uint64_t least_of_a_connection = 19 * 1024ULL;

class Checker {
  public:
    Checker(const config::Settings& settings, std::chrono::system_clock::time_point now)
        : settings_(settings), now_(std::chrono::system_clock::to_time_t(now)) {}

    std::vector<Problem> run() {
        if (settings_.tls.fips) {
            check_fips();
        }
        check_modules();
        check_sandbox();
        check_policy(common_policy_problems(settings_));
        check_ticket_keys();
        for (const Protocol protocol : all_protocols) {
            if (enabled(settings_, protocol)) {
                check_protocol(protocol);
            }
        }
        if (settings_.http.enabled) {
            check_backend_names();
            check_trust("http.forwarded.trust", settings_.http.forwarded.trust);
        }
        check_trust("proxy_protocol.accept_from", settings_.proxy_protocol.accept_from);
        check_memory();
        check_ports();
        return std::move(problems_);
    }

  private:
    void add(Severity severity, std::string key, std::string message) {
        Problem problem;
        problem.severity = severity;
        problem.key = std::move(key);
        problem.message = std::move(message);
        problems_.push_back(std::move(problem));
    }

    void check_fips() {
        if (const std::string error = tls::use_fips(); !error.empty()) {
            add(Severity::error, "tls.fips", error);
        }
    }

    void check_policy(const std::vector<Problem>& found) {
        problems_.insert(problems_.end(), found.begin(), found.end());
        policy_good_ = policy_good_ && found.empty();
    }

    void check_ticket_keys() {
        const auto& tickets = settings_.tls.tickets;
        if (auto source = tls::TicketKeys::open(tickets.keys, tickets.lifetime); !source) {
            add(Severity::error, "tls.tickets.keys", source.error().message);
        }
    }

    void check_modules() {
        if (!settings_.needs_hsm()) {
            return;
        }
        check_module("hsm.module", settings_.hsm.module);
        for (std::size_t i = 0; i < settings_.hsm.failover.size(); ++i) {
            const auto& module = settings_.hsm.failover[i].module;
            if (!module.empty()) {
                check_module("hsm.failover[" + std::to_string(i) + "].module", module);
            }
        }
    }

    void check_sandbox() {
        const config::Sandbox& sandbox = settings_.sandbox;
        if (sandbox.landlock && landlock_version() == 0) {
            add(Severity::warning,
                "sandbox.landlock",
                "this kernel has no Landlock: files are not confined");
        }
        for (const auto* paths : {&sandbox.read, &sandbox.write}) {
            const std::string key = paths == &sandbox.read ? "sandbox.read" : "sandbox.write";
            if (!sandbox.landlock && !paths->empty()) {
                add(Severity::warning, key, "has no effect without sandbox.landlock");
                continue;
            }
            for (const auto& path : *paths) {
                std::error_code ec;
                if (!std::filesystem::exists(path, ec)) {
                    add(Severity::warning,
                        key,
                        "no " + path.string() + "; what is made there later stays out of reach");
                }
            }
        }
    }

    void check_module(const std::string& key, const std::filesystem::path& module) {
        std::error_code ec;
        if (!std::filesystem::is_regular_file(module, ec)) {
            add(Severity::error,
                key,
                "no such file " + module.string() +
                    "; give the path of the PKCS#11 library of your HSM");
        }
    }

    /// What clients are asked for, and the files it is judged by: each once, at the first key that
    /// needs it.
    void check_client_certificates(const config::TlsLayers& layers) {
        std::set<config::ClientCertificate, LessByFiles> seen;
        std::string unused_list;
        bool asked_anywhere = false;
        for (std::size_t i = 0; i < layers.listeners.size(); ++i) {
            std::vector<const config::Host*> hosts{nullptr};
            for (const auto& host : *layers.hosts) {
                hosts.push_back(&host);
            }
            for (const auto* host : hosts) {
                const auto asked = config::resolve_tls(layers, i, host).client_certificate;
                const std::string key = config::client_certificate_key(layers, i, host);
                if (asked.mode != config::ClientCertificateMode::none) {
                    asked_anywhere = true;
                    if (seen.insert(asked).second) {
                        check_files(key, asked);
                    }
                } else if (!asked.allow.empty()) {
                    unused_list = key + ".allow";
                }
            }
        }
        if (!asked_anywhere && !unused_list.empty()) {
            add(Severity::warning,
                unused_list,
                "lets nobody in or out: no certificate is asked for; set mode to request or "
                "require");
        }
        if (asked_anywhere && layers.name == "ftp" && !settings_.ftp.require_tls_control) {
            add(Severity::warning,
                "ftp.require_tls.control",
                "clients that do without TLS are let in without the certificate that is asked for");
        }
    }

    struct LessByFiles {
        bool operator()(const config::ClientCertificate& a, const config::ClientCertificate& b)
            const {
            return std::tie(a.ca, a.crl, a.accept_expired_crl) <
                   std::tie(b.ca, b.crl, b.accept_expired_crl);
        }
    };

    void check_files(const std::string& section, const config::ClientCertificate& asked) {
        const auto authorities = certs::read_authorities(asked.ca);
        if (!authorities) {
            add(Severity::error, section + ".ca", authorities.error().message);
            client_files_good_ = false;
            return;
        }
        for (const auto& authority : *authorities) {
            check_validity(section + ".ca", asked.ca, authority.get());
        }
        for (const auto& file : asked.crl) {
            const auto crls = certs::read_crls(file);
            if (!crls) {
                add(Severity::error, section + ".crl", crls.error().message);
                client_files_good_ = false;
                continue;
            }
            for (const auto& crl : *crls) {
                check_crl({section + ".crl", file, crl.get()}, asked, *authorities);
            }
        }
    }

    struct CrlAt {
        std::string key;
        const std::filesystem::path& file;
        X509_CRL* crl;
    };

    void check_crl(
        const CrlAt& at,
        const config::ClientCertificate& asked,
        const std::vector<certs::X509Ptr>& authorities
    ) {
        const std::string which =
            at.file.string() + ": the CRL of \"" + certs::issuer_of(at.crl) + "\" ";
        if (!certs::names_issuer_of(at.crl, authorities)) {
            add(Severity::warning,
                at.key,
                which + "has no issuer in " + asked.ca.string() +
                    "; it serves only for CA certificates that clients send");
        } else if (certs::signer_of(at.crl, authorities) == nullptr) {
            add(Severity::error,
                at.key,
                which + "has a bad signature; clients of this CA are refused");
        }
        auto now = now_;
        if (X509_cmp_time(X509_CRL_get0_lastUpdate(at.crl), &now) > 0) {
            add(Severity::warning, at.key, which + "is not valid yet; clients are refused");
        }
        const ASN1_TIME* until = X509_CRL_get0_nextUpdate(at.crl);
        if (until != nullptr && X509_cmp_time(until, &now) < 0) {
            add(Severity::warning,
                at.key,
                which + (asked.accept_expired_crl ? "has expired; it is believed all the same"
                                                  : "has expired; clients are refused until there "
                                                    "is a newer one"));
        }
    }

    void check_protocol(Protocol protocol) {
        const std::string key = std::string(name(protocol)) + ".alias";
        check_client_certificates(
            protocol == Protocol::ftp ? config::ftp_tls_layers(settings_)
                                      : config::http_tls_layers(settings_)
        );
        check_policy(policy_problems(settings_, protocol));
        Identities identities;
        if (!uses_hsm(settings_, protocol)) {
            auto loaded = load_identities(settings_, protocol, nullptr);
            if (!loaded) {
                add(Severity::error, key, loaded.error().message);
                return;
            }
            identities = std::move(*loaded);
        }
        if (client_files_good_ && policy_good_) {
            if (auto contexts = make_contexts(settings_, protocol, identities); !contexts) {
                add(Severity::error, std::string(name(protocol)), contexts.error().message);
                return;
            }
        }
        for (const auto& alias : aliases(settings_, protocol)) {
            check_chain(protocol, key, alias);
        }
        for (const auto& host : hosts(settings_, protocol)) {
            for (const auto& alias : host.aliases) {
                const std::string at = std::string(name(protocol)) + ".hosts[" + host.name + "]";
                check_chain(protocol, at + ".alias", alias);
            }
        }
    }

    void check_chain(Protocol protocol, const std::string& key, const std::string& alias) {
        const auto file = settings_.certificates / (alias + ".pem");
        std::error_code ec;
        if (uses_hsm(settings_, protocol) && !std::filesystem::exists(file, ec)) {
            add(Severity::warning,
                key,
                "no file " + file.string() + "; the certificate will be looked for in the token");
            return;
        }
        const auto chain = load_chain(settings_, alias, nullptr);
        if (!chain) {
            add(Severity::error, key, chain.error().message);
            return;
        }
        for (auto& problem : certificate_problems(settings_, alias, *chain, now_)) {
            add(Severity::warning, key, std::move(problem));
        }
    }

    /// Of a CA that clients' certificates come from.
    void check_validity(
        const std::string& key, const std::filesystem::path& file, const X509* certificate
    ) {
        char subject[256];
        X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
        const std::string which = file.string() + ": certificate " + subject;
        auto now = now_;
        if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0) {
            add(Severity::warning, key, which + " is not valid yet");
        }
        if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0) {
            add(Severity::warning,
                key,
                which + " has expired; certificates that it issued are refused");
            return;
        }
        auto soon = now_ + std::time_t{warn_days} * 24 * 60 * 60;
        if (X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0) {
            add(Severity::warning,
                key,
                which + " expires within " + std::to_string(warn_days) + " days");
        }
    }

    /// Asks the system's resolver, which may take its time.
    void check_backend_names() {
        net::asio::io_context context;
        net::tcp::resolver resolver(context);
        for (const auto& server : config::http_servers(settings_.http, config::Positions())) {
            error_code ec;
            resolver.resolve(server.endpoint.address, "", ec);
            if (ec) {
                add(Severity::warning,
                    server.key,
                    server.endpoint.address + " does not resolve: " + ec.message());
            }
        }
    }

    void check_memory() {
        const auto there = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
        const std::uint64_t taken = settings_.limits.connections * least_of_a_connection;
        if (!settings_.limits.memory && taken > there) {
            const auto mib = [](std::uint64_t bytes) { return std::to_string(bytes >> 20U); };
            add(Severity::warning,
                "limits.connections",
                "so many take " + mib(taken) + " MiB at least, there are " + mib(there) +
                    "; lower it or set limits.memory");
        }
    }

    void check_trust(const std::string& key, const std::vector<std::string>& networks) {
        for (const std::string& network : networks) {
            if (network.ends_with("/0")) {
                add(Severity::warning,
                    key,
                    network + " is every client: each can claim any address for itself");
            }
        }
    }

    void check_ports() {
        const auto probe_all =
            [this](const auto& listeners, const std::string& key, auto endpoint) {
                for (std::size_t i = 0; i < listeners.size(); ++i) {
                    if (const auto free = probe(endpoint(listeners[i])); !free) {
                        add(Severity::warning,
                            key + "[" + std::to_string(i) + "]",
                            free.error().message + " (right if hsmfront is running)");
                    }
                }
            };
        const auto same = [](const config::Endpoint& endpoint) { return endpoint; };
        if (settings_.ftp.enabled) {
            probe_all(settings_.ftp.listen, "ftp.listen", [](const config::FtpListener& listener) {
                return listener.endpoint;
            });
        }
        if (settings_.http.enabled) {
            probe_all(
                settings_.http.listen,
                "http.listen",
                [](const config::HttpListener& listener) { return listener.endpoint; }
            );
            probe_all(settings_.http.redirect, "http.redirect", same);
        }
    }

    const config::Settings& settings_;
    std::time_t now_;
    bool client_files_good_ = true;  ///< else no context can be made, as without:
    bool policy_good_ = true;
    std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check(
    const config::Settings& settings, std::chrono::system_clock::time_point now
) {
    return Checker(settings, now).run();
}

}  // namespace hsmfront::runtime
