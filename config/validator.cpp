// Validator: what an enabled protocol needs, and what contradicts what.
#include "config/validator.hpp"

#include "config/address.hpp"
#include "config/tls_layers.hpp"
#include "config/validator_http.hpp"

#include <set>
#include <string>
#include <utility>

namespace hsmfront::config {
namespace {

struct Bound {
    std::string key;
    Endpoint endpoint;
};

class Validator {
  public:
    Validator(const Settings& settings, const Positions& positions)
        : settings_(settings), positions_(positions) {}

    std::vector<Problem> run() {
        if (!settings_.ftp.enabled && !settings_.http.enabled) {
            fail("ftp.enabled", "no protocol is enabled; set ftp.enabled or http.enabled to true");
        }
        hsm();
        if (settings_.ftp.enabled || settings_.http.enabled) {
            required("certificates", settings_.certificates.empty(), "the folder of <alias>.pem");
        }
        if (settings_.ftp.enabled) {
            protocol("ftp", settings_.ftp.aliases, settings_.ftp.listen.empty());
            endpoint("ftp.backend", settings_.ftp.backend.endpoint);
            hosts("ftp", settings_.ftp.hosts);
            client_certificates(ftp_tls_layers(settings_));
            commands();
        }
        if (settings_.http.enabled) {
            protocol("http", settings_.http.aliases, settings_.http.listen.empty());
            hosts("http", settings_.http.hosts);
            client_certificates(http_tls_layers(settings_));
            for (Problem& problem : validate_routing(settings_.http, positions_)) {
                problems_.push_back(std::move(problem));
            }
        }
        collect_listeners();
        admin();
        listeners();
        passive_ports();
        passive_rules();
        told_data();
        return std::move(problems_);
    }

  private:
    void fail(const std::string& key, std::string message) {
        problems_.push_back(error_at(positions_.find(key), key, std::move(message)));
    }

    void required(const std::string& key, bool missing, const std::string& what) {
        if (missing) {
            fail(key, "is missing: " + what);
        }
    }

    void one_source(const std::string& key, const PinSource& pin) {
        std::vector<std::string> sources;
        const auto add = [&sources](bool given, const char* name) {
            if (given) {
                sources.emplace_back(name);
            }
        };
        add(pin.value.has_value(), "value");
        add(pin.file.has_value(), "file");
        add(pin.env.has_value(), "env");
        add(pin.credential.has_value(), "credential");
        for (std::size_t i = 1; i < sources.size(); ++i) {
            fail(
                key + '.' + sources[i],
                "the PIN has another source, " + key + '.' + sources[0] + "; keep one"
            );
        }
    }

    void failover() {
        for (std::size_t i = 0; i < settings_.hsm.failover.size(); ++i) {
            const HsmToken& other = settings_.hsm.failover[i];
            const std::string key = "hsm.failover[" + std::to_string(i) + ']';
            required(key + ".token", other.token.empty(), "label or URI of the token");
            one_source(key + ".pin", other.pin);
            const bool same_module = other.module.empty() || other.module == settings_.hsm.module;
            if (same_module && !other.token.empty() && other.token == settings_.hsm.token) {
                fail(key + ".token", "is hsm.token itself");
            }
        }
    }

    void hsm() {
        one_source("hsm.pin", settings_.hsm.pin);
        failover();
        if (settings_.needs_hsm()) {
            const bool ftp = settings_.ftp.enabled && settings_.ftp.hsm_enabled;
            const std::string user = ftp ? "ftp" : "http";
            const std::string reason = " (needed while " + user + ".hsm.enabled is true)";
            required("hsm.module", settings_.hsm.module.empty(), "the PKCS#11 library" + reason);
            required(
                "hsm.token", settings_.hsm.token.empty(), "label or URI of the token" + reason
            );
        }
    }

    /// Whoever asks for certificates needs a CA to believe.
    void client_certificates(const TlsLayers& layers) {
        for (std::size_t i = 0; i < layers.listeners.size(); ++i) {
            for (const Host* host : with_none(*layers.hosts)) {
                const auto asked = resolve_tls(layers, i, host).client_certificate;
                const std::string key = client_certificate_key(layers, i, host) + ".ca";
                if (asked.mode != ClientCertificateMode::none && asked.ca.empty() &&
                    without_ca_.insert(key).second) {
                    fail(
                        key,
                        "is missing: the PEM file of the CA that client certificates come from "
                        "(needed unless the mode is none)"
                    );
                }
            }
        }
    }

    static std::vector<const Host*> with_none(const std::vector<Host>& hosts) {
        std::vector<const Host*> all{nullptr};
        for (const Host& host : hosts) {
            all.push_back(&host);
        }
        return all;
    }

    void protocol(
        const std::string& name, const std::vector<std::string>& aliases, bool no_listener
    ) {
        required(name + ".alias", aliases.empty(), "the alias of its key and certificate");
        required(name + ".listen", no_listener, "at least one { address, port }");
    }

    void hosts(const std::string& name, const std::vector<Host>& hosts) {
        for (const Host& host : hosts) {
            required(
                name + ".hosts[" + host.name + "].alias",
                host.aliases.empty(),
                "the alias of its key and certificate"
            );
            if (host.backend) {
                endpoint(name + ".hosts[" + host.name + "].backend", host.backend->endpoint);
            }
            if (host.tls.strict_sni) {
                fail(
                    name + ".hosts[" + host.name + "].tls.strict_sni",
                    "is about names that are no host's; set it in tls or " + name + ".tls"
                );
            }
        }
    }

    void commands() {
        const FtpCommands& lists = settings_.ftp.commands;
        if (!lists.allow.empty() && !lists.deny.empty()) {
            fail("ftp.commands.deny", "has no effect beside ftp.commands.allow; keep one");
        }
    }

    void endpoint(const std::string& key, const Endpoint& endpoint) {
        required(key + ".address", endpoint.address.empty(), "an address");
        required(key + ".port", endpoint.port == 0, "a port number");
    }

    void collect(const std::string& list, std::size_t index, const Endpoint& listener) {
        bound_.push_back({list + '[' + std::to_string(index) + ']', listener});
    }

    void collect_listeners() {
        for (std::size_t i = 0; settings_.ftp.enabled && i < settings_.ftp.listen.size(); ++i) {
            collect("ftp.listen", i, settings_.ftp.listen[i].endpoint);
        }
        for (std::size_t i = 0; settings_.http.enabled && i < settings_.http.listen.size(); ++i) {
            collect("http.listen", i, settings_.http.listen[i].endpoint);
        }
        for (std::size_t i = 0; settings_.http.enabled && i < settings_.http.redirect.size(); ++i) {
            collect("http.redirect", i, settings_.http.redirect[i]);
        }
    }

    void admin() {
        const Endpoint& endpoint = settings_.admin.listen.endpoint;
        if (endpoint.port == 0) {
            return;
        }
        bound_.push_back({"admin.listen", endpoint});
        if (!settings_.admin.remote && !is_loopback(endpoint.address)) {
            fail(
                "admin.listen",
                endpoint.address +
                    " can be reached from other hosts, and whoever reaches it sees the state of "
                    "this service; admin.remote: true allows that"
            );
        }
    }

    void listeners() {
        for (std::size_t i = 0; i < bound_.size(); ++i) {
            endpoint(bound_[i].key, bound_[i].endpoint);
            for (std::size_t j = 0; j < i; ++j) {
                if (overlap(bound_[i].endpoint, bound_[j].endpoint)) {
                    const bool same = bound_[i].endpoint.address == bound_[j].endpoint.address;
                    const std::string how =
                        same ? "listens on the same address and port as "
                             : "one of the two addresses covers the other, on the same port: ";
                    fail(bound_[i].key, how + bound_[j].key);
                    break;
                }
            }
        }
        if (settings_.ftp.enabled) {
            no_loop("ftp.backend", settings_.ftp.backend.endpoint);
            for (const Host& host : settings_.ftp.hosts) {
                if (host.backend) {
                    no_loop("ftp.hosts[" + host.name + "].backend", host.backend->endpoint);
                }
            }
        }
        if (settings_.http.enabled) {
            for (const HttpServer& server : http_servers(settings_.http, positions_)) {
                no_loop(server.key, server.endpoint);
            }
        }
    }

    void no_loop(const std::string& key, const Endpoint& backend) {
        for (const Bound& listener : bound_) {
            if (reaches(backend, listener.endpoint)) {
                fail(key, "points at " + listener.key + ": connections would go in a circle");
                return;
            }
        }
    }

    void passive_ports() {
        const std::string key = "ftp.data.passive_ports";
        const PortRange& range = settings_.ftp.data.passive_ports;
        if (!settings_.ftp.enabled) {
            return;
        }
        if (range.first > range.last) {
            fail(key, "the first port is above the last");
            return;
        }
        if (range.first < 1024) {
            fail(key, "ports below 1024 are not for data connections");
        }
        for (const Bound& listener : bound_) {
            const std::uint16_t port = listener.endpoint.port;
            if (port >= range.first && port <= range.last) {
                fail(key, "holds port " + std::to_string(port) + " of " + listener.key);
            }
        }
    }

    void passive_rules() {
        const auto& rules = settings_.ftp.data.passive_rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            const std::string key = "ftp.data.passive_rules[" + std::to_string(i) + "].clients";
            required(key, rules[i].clients.empty(), "the networks it is for");
        }
    }

    /// A header is written by who opens a connection.
    void told_data() {
        if (settings_.ftp.proxy_protocol.data != ProxyVersion::none &&
            settings_.ftp.data.backend == BackendData::active) {
            fail(
                "ftp.backend.data_proxy_protocol",
                "no connection could tell it: with ftp.data.backend: active the backend opens them"
            );
        }
    }

    const Settings& settings_;
    const Positions& positions_;
    std::vector<Bound> bound_;
    std::set<std::string> without_ca_;  ///< keys reported for it
    std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> validate(const Settings& settings, const Positions& positions) {
    return Validator{settings, positions}.run();
}

}  // namespace hsmfront::config
