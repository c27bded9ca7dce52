// KeyTable: hsm, certificates, tls and what else stands before the protocols.
#include "config/key_table.hpp"
#include "config/problem.hpp"

namespace hsmfront::config {
namespace {

Parsed<std::size_t> parse_workers(const std::string& text) {
    if (text == "auto") {
        return std::size_t{0};
    }
    if (const auto number = parse_number(text, 1, 1024)) {
        return static_cast<std::size_t>(*number);
    }
    return "expected auto or a whole number, 1–1024, found " + in_quotes(text);
}

std::vector<Key> hsm_keys() {
    return {
        example(text("hsm.module", [](Settings& s) { return &s.hsm.module; })),
        example(text("hsm.token", [](Settings& s) { return &s.hsm.token; })),
        example(text("hsm.pin.file", [](Settings& s) { return &s.hsm.pin.file; })),
        example(text("hsm.pin.env", [](Settings& s) { return &s.hsm.pin.env; })),
        example(text("hsm.pin.credential", [](Settings& s) { return &s.hsm.pin.credential; })),
        example(secret(text("hsm.pin.value", [](Settings& s) { return &s.hsm.pin.value; }))),
        timeout("hsm.pin_timeout", [](Settings& s) { return &s.hsm.pin_timeout; }),
        count(
            "hsm.signers", [](Settings& s) { return &s.hsm.signers; }, 1, 256
        ),
        timeout("hsm.sign_timeout", [](Settings& s) { return &s.hsm.sign_timeout; }),
        count(
            "hsm.queue_limit", [](Settings& s) { return &s.hsm.queue_limit; }, 1, 1'000'000
        ),
        example(text("certificates", [](Settings& s) { return &s.certificates; })),
    };
}

Key failover() {
    Key key = list("hsm.failover", [](Settings& s) { return &s.hsm.failover; });
    key.expected = "a list of { token, module, pin }";
    return key;
}

std::vector<Key> failover_keys() {
    return {
        example(failover()),
        example(
            text("hsm.failover[].token", [](Settings& s) { return &s.hsm.failover.back().token; })
        ),
        example(
            text("hsm.failover[].module", [](Settings& s) { return &s.hsm.failover.back().module; })
        ),
        example(text(
            "hsm.failover[].pin.file", [](Settings& s) { return &s.hsm.failover.back().pin.file; }
        )),
        example(text(
            "hsm.failover[].pin.env", [](Settings& s) { return &s.hsm.failover.back().pin.env; }
        )),
        example(text(
            "hsm.failover[].pin.credential",
            [](Settings& s) { return &s.hsm.failover.back().pin.credential; }
        )),
        example(secret(text(
            "hsm.failover[].pin.value", [](Settings& s) { return &s.hsm.failover.back().pin.value; }
        ))),
    };
}

std::vector<Key> tls_keys() {
    return {
        choice<TlsVersion>(
            "tls.min_version",
            [](Settings& s) { return &s.tls.min_version; },
            {{"1.2", TlsVersion::tls1_2}, {"1.3", TlsVersion::tls1_3}}
        ),
        text("tls.ciphers", [](Settings& s) { return &s.tls.ciphers; }),
        text("tls.ciphersuites", [](Settings& s) { return &s.tls.ciphersuites; }),
        text("tls.groups", [](Settings& s) { return &s.tls.groups; }),
        duration(
            "tls.tickets.lifetime", [](Settings& s) { return &s.tls.ticket_lifetime; }, 1min, 168h
        ),
        choice<ClientCertificate>(
            "tls.client_certificate.mode",
            [](Settings& s) { return &s.tls.client_certificate; },
            {{"none", ClientCertificate::none},
             {"request", ClientCertificate::request},
             {"require", ClientCertificate::require}}
        ),
        example(text("tls.client_certificate.ca", [](Settings& s) { return &s.tls.client_ca; })),
        detail::scalar(
            "workers",
            "auto or a whole number",
            [](Settings& s) { return &s.workers; },
            parse_workers
        ),
        example(text("user", [](Settings& s) { return &s.user; })),
    };
}

}  // namespace

std::vector<Key> hsm_and_tls_keys() {
    std::vector<Key> all;
    for (auto* part : {hsm_keys, failover_keys, tls_keys}) {
        append(all, part());
    }
    return all;
}

}  // namespace hsmfront::config
