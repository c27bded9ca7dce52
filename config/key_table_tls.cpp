// KeyTable: tls, and the layers of it that protocols, listeners and hosts have.
#include "config/key_table.hpp"
#include "config/problem.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace hsmfront::config {
namespace {

using ClientCertificates = TlsPolicy::ClientCertificates;
using ClientsAt = std::function<ClientCertificates&(Settings&)>;

/// The way to one value of a layer, for the factories of keys.
template <class Layer, class Value>
auto value_of(std::function<Layer&(Settings&)> at, std::optional<Value> Layer::*member) {
    return [at = std::move(at), member](Settings& settings) { return &(at(settings).*member); };
}

std::string check_fingerprint(const std::string& text) {
    const bool good =
        text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
    return good ? std::string{}
                : "expected a SHA-256 fingerprint of 64 lower-case hexadecimal digits, found " +
                      in_quotes(text);
}

/// An http URL: the answer is signed, and asking over https would need an answer first.
std::string check_http_url(const std::string& text) {
    constexpr std::string_view scheme = "http://";
    const bool good = text.starts_with(scheme) && text.size() > scheme.size() &&
                      text.find_first_of(" \t\r\n") == std::string::npos;
    return good ? std::string{}
                : "expected a URL such as http://ocsp.example.com/, found " + in_quotes(text);
}

/// As files(), and "none" for no file.
template <class At>
Key files_or_none(std::string path, At at) {
    Key key = files(std::move(path), at);
    key.expected = "none, " + key.expected;
    key.read = [at, read = std::move(key.read)](
                   Settings& settings, const std::vector<std::string>& values
               ) {
        return read(
            settings,
            values == std::vector<std::string>{"none"} ? std::vector<std::string>() : values
        );
    };
    return key;
}

Key session_cache() {
    const auto at = [](Settings& s) { return &s.tls.session_cache; };
    Key key = size("tls.session_cache", at, 64U << 10U, std::uint64_t{64} << 30U);
    key.expected = "none or " + key.expected;
    key.read = [at, read = std::move(key.read)](
                   Settings& settings, const std::vector<std::string>& values
               ) {
        if (values.front() != "none") {
            return read(settings, values);
        }
        *at(settings) = 0;
        return std::string{};
    };
    return key;
}

std::vector<Key> shared_keys() {
    return {
        boolean("tls.fips", [](Settings& s) { return &s.tls.fips; }),
        boolean("tls.ktls", [](Settings& s) { return &s.tls.ktls; }),
        files_or_none("tls.tickets.keys", [](Settings& s) { return &s.tls.tickets.keys; }),
        duration(
            "tls.tickets.lifetime", [](Settings& s) { return &s.tls.tickets.lifetime; }, 1min, 168h
        ),
        session_cache(),
        choice<StaplingMode>(
            "tls.stapling.mode",
            [](Settings& s) { return &s.tls.stapling.mode; },
            {{"off", StaplingMode::off},
             {"file", StaplingMode::file},
             {"fetch", StaplingMode::fetch}}
        ),
        example(text(
            "tls.stapling.responder",
            [](Settings& s) { return &s.tls.stapling.responder; },
            check_http_url
        )),
    };
}

/// Absent values are those of the layer below.
std::vector<Key> without_defaults(std::vector<Key> keys) {
    std::transform(keys.begin(), keys.end(), keys.begin(), example);
    return keys;
}

}  // namespace

std::vector<Key> client_certificate_keys(const std::string& section, const ClientsAt& at) {
    const std::string path = section + ".client_certificate.";
    return without_defaults({
        choice<ClientCertificateMode>(
            path + "mode",
            value_of(at, &ClientCertificates::mode),
            {{"none", ClientCertificateMode::none},
             {"request", ClientCertificateMode::request},
             {"require", ClientCertificateMode::require}}
        ),
        text(path + "ca", value_of(at, &ClientCertificates::ca)),
        files_or_none(path + "crl", value_of(at, &ClientCertificates::crl)),
        boolean(path + "accept_expired_crl", value_of(at, &ClientCertificates::accept_expired_crl)),
        count(path + "depth", value_of(at, &ClientCertificates::depth), 0, 100),
        texts(path + "allow.subjects", value_of(at, &ClientCertificates::subjects), check_filled),
        texts(path + "allow.names", value_of(at, &ClientCertificates::names), check_filled),
        texts(
            path + "allow.fingerprints",
            value_of(at, &ClientCertificates::fingerprints),
            check_fingerprint
        ),
    });
}

std::vector<Key> tls_policy_keys(
    const std::string& section, const std::function<TlsPolicy&(Settings&)>& at
) {
    const std::string path = section + ".";
    std::vector<Key> all = without_defaults({
        choice<TlsProfile>(
            path + "profile",
            value_of(at, &TlsPolicy::profile),
            {{"modern", TlsProfile::modern},
             {"intermediate", TlsProfile::intermediate},
             {"compatible", TlsProfile::compatible}}
        ),
        choice<TlsVersion>(
            path + "min_version",
            value_of(at, &TlsPolicy::min_version),
            {{"1.2", TlsVersion::tls1_2}, {"1.3", TlsVersion::tls1_3}}
        ),
        text(path + "ciphers", value_of(at, &TlsPolicy::ciphers)),
        text(path + "ciphersuites", value_of(at, &TlsPolicy::ciphersuites)),
        text(path + "groups", value_of(at, &TlsPolicy::groups)),
        text(path + "signature_algorithms", value_of(at, &TlsPolicy::signature_algorithms)),
        boolean(path + "server_preference", value_of(at, &TlsPolicy::server_preference)),
        boolean(path + "strict_sni", value_of(at, &TlsPolicy::strict_sni)),
    });
    append(all, client_certificate_keys(section, [at](Settings& s) -> ClientCertificates& {
               return at(s).client_certificate;
           }));
    return all;
}

std::vector<Key> tls_keys() {
    std::vector<Key> all =
        tls_policy_keys("tls", [](Settings& s) -> TlsPolicy& { return s.tls.policy; });
    append(all, shared_keys());
    return all;
}

}  // namespace hsmfront::config
