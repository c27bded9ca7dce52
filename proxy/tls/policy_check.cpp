#include "proxy/tls/policy_check.hpp"

#include "certs/handle.hpp"
#include "proxy/tls/policy.hpp"

#include <openssl/err.h>

#include <memory>

namespace hsmfront::tls {
namespace {

using config::in_quotes;

/// One element of a list, as OpenSSL's setters for SSL_CTX take it.
using Setter = bool (*)(SSL_CTX*, const std::string&);

bool set_ciphers(SSL_CTX* ctx, const std::string& text) {
    return SSL_CTX_set_cipher_list(ctx, text.c_str()) == 1;
}

bool set_ciphersuites(SSL_CTX* ctx, const std::string& text) {
    return SSL_CTX_set_ciphersuites(ctx, text.c_str()) == 1;
}

bool set_groups(SSL_CTX* ctx, const std::string& text) {
    return SSL_CTX_set1_groups_list(ctx, text.c_str()) == 1;
}

bool set_signatures(SSL_CTX* ctx, const std::string& text) {
    return SSL_CTX_set1_sigalgs_list(ctx, text.c_str()) == 1;
}

/// Words that do not choose ciphers but remove or reorder them, or set the security level
/// (openssl-ciphers(1)): they may name what this OpenSSL does not have.
bool chooses(const std::string& word) { return word.find_first_of("!-+@") != 0; }

std::string openssl_has() {
    return EVP_default_properties_is_fips_enabled(nullptr) == 1
               ? " that OpenSSL's FIPS provider (tls.fips) has"
               : " that OpenSSL has";
}

class PolicyCheck {
  public:
    explicit PolicyCheck(const std::string& section)
        : section_(section), ctx_(SSL_CTX_new(TLS_server_method())) {}

    std::vector<config::Problem> run(const config::TlsPolicy& layer) {
        if (layer.ciphers) {
            check_ciphers(*layer.ciphers);
        }
        if (layer.ciphersuites) {
            check_list(
                "ciphersuites",
                *layer.ciphersuites,
                set_ciphersuites,
                "no cipher suite of TLS 1.3" + openssl_has() +
                    "; \"openssl ciphers -s -tls1_3\" lists them"
            );
        }
        if (layer.groups) {
            check_list(
                "groups",
                *layer.groups,
                set_groups,
                "no group" + openssl_has() + "; give some of P-256, P-384, P-521, X25519, X448"
            );
        }
        if (layer.signature_algorithms) {
            check_list(
                "signature_algorithms",
                *layer.signature_algorithms,
                set_signatures,
                "no signature algorithm of TLS; give names such as ecdsa_secp256r1_sha256, "
                "rsa_pss_rsae_sha256"
            );
        }
        return std::move(problems_);
    }

  private:
    void fail(const std::string& key, const std::string& message) {
        ERR_clear_error();
        config::Problem problem;
        problem.key = section_ + "." + key;
        problem.message = message;
        problems_.push_back(std::move(problem));
    }

    /// Stops at the first bad element.
    void check_list(
        const std::string& key, const std::string& value, Setter set, const std::string& remedy
    ) {
        for (const std::string& element : elements(value, ":")) {
            if (!set(ctx_.get(), element)) {
                fail(key, in_quotes(element) + " is " + remedy);
                return;
            }
        }
        if (value.empty() || !set(ctx_.get(), value)) {
            fail(key, in_quotes(value) + " is empty or holds an element twice");
        }
    }

    void check_ciphers(const std::string& value) {
        for (const std::string& word : elements(value, ": ;,")) {
            if (chooses(word) && !check_cipher(word)) {
                return;
            }
        }
        if (!set_ciphers(ctx_.get(), value + never_ciphers)) {
            fail("ciphers", in_quotes(value) + " leaves no cipher of TLS 1.2");
        }
    }

    bool check_cipher(const std::string& word) {
        if (!set_ciphers(ctx_.get(), word)) {
            fail(
                "ciphers",
                in_quotes(word) +
                    (word.starts_with("TLS_")
                         ? " is no cipher of TLS 1.2; those of TLS 1.3 belong to ciphersuites"
                         : " is no cipher of TLS 1.2" + openssl_has() +
                               "; \"openssl ciphers -s -tls1_2\" lists them")
            );
            return false;
        }
        if (!set_ciphers(ctx_.get(), word + never_ciphers)) {
            fail(
                "ciphers",
                in_quotes(word) +
                    " has RSA key exchange, or no authentication or encryption, which is never "
                    "offered; give one whose name begins with ECDHE or DHE"
            );
            return false;
        }
        return true;
    }

    const std::string& section_;
    const std::unique_ptr<SSL_CTX, certs::Deleter<SSL_CTX_free>> ctx_;
    std::vector<config::Problem> problems_;
};

}  // namespace

std::vector<config::Problem> policy_problems(
    const config::TlsPolicy& layer, const std::string& section
) {
    return PolicyCheck(section).run(layer);
}

}  // namespace hsmfront::tls
