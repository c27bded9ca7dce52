// ContextBuilder: a Context step by step.
#include "certs/errc.hpp"
#include "proxy/tls/alpn.hpp"
#include "proxy/tls/certificate_names.hpp"
#include "proxy/tls/client_certificates.hpp"
#include "proxy/tls/context.hpp"
#include "proxy/tls/host_choice.hpp"
#include "proxy/tls/kernel_tls.hpp"
#include "proxy/tls/key_log.hpp"
#include "proxy/tls/offloaded_key.hpp"
#include "proxy/tls/openssl_error.hpp"
#include "proxy/tls/policy.hpp"
#include "proxy/tls/session_callbacks.hpp"
#include "proxy/tls/staple.hpp"

#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

namespace hsmfront::tls {
namespace {

using certs::Failure;

Failure openssl_failure(const std::string& what) {
    return {make_error_code(certs::Errc::file_malformed), what + ": " + drain_errors()};
}

std::time_t time_of(const ASN1_TIME* time) {
    std::tm parts{};
    return ASN1_TIME_to_tm(time, &parts) == 1 ? ::timegm(&parts) : 0;
}

/// "RSA-2048", "P-256", "ED25519".
std::string type_of(EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "EC") == 1) {
        return "P-" + std::to_string(EVP_PKEY_get_bits(key));
    }
    std::string type = EVP_PKEY_get0_type_name(key);
    return EVP_PKEY_is_a(key, "RSA") == 1 ? type + "-" + std::to_string(EVP_PKEY_get_bits(key))
                                          : type;
}

CertificateInfo describe(const std::string& alias, X509* certificate) {
    return {
        alias,
        subject_of(certificate),
        type_of(X509_get0_pubkey(certificate)),
        time_of(X509_get0_notAfter(certificate))};
}

}  // namespace

/// Builds a Context step by step; the first failure ends it.
struct ContextBuilder {
    const Context::Options& options;
    std::shared_ptr<Context> context{new Context};

    [[nodiscard]] SSL_CTX* ctx() const { return context->ctx_.get(); }

    certs::Loaded<void> build(const std::vector<IdentityPtr>& identities) {
        context->tls_ = options.tls;
        context->ctx_.reset(SSL_CTX_new(TLS_server_method()));
        if (ctx() == nullptr) {
            return openssl_failure("cannot make a TLS context");
        }
        set_modes();
        if (auto done = set_policy(); !done) {
            return done;
        }
        if (auto done = separate_sessions(); !done) {
            return done;
        }
        for (const auto& identity : identities) {
            if (auto done = add(*identity); !done) {
                return done;
            }
        }
        add_hosts();
        return narrow_to_token();
    }

    void add_hosts() const {
        context->offloaded_ = !context->remote_keys_.empty();
        context->hosts_ = options.hosts;
        for (const auto& host : context->hosts_) {
            const auto& more = host.context->certificates();
            context->certificates_.insert(context->certificates_.end(), more.begin(), more.end());
            context->offloaded_ = context->offloaded_ || host.context->offloaded();
        }
    }

    void set_modes() const {
        log_session_keys(ctx());
        SSL_CTX_set_options(
            ctx(),
            SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                (options.ktls && kernel_has_tls() ? SSL_OP_ENABLE_KTLS : 0) |
                (options.tls.server_preference ? server_preference : 0)
        );
        // Groups of DHE as strong as the certificate's key (RFC 7919), where ciphers hold it.
        SSL_CTX_set_dh_auto(ctx(), 1);
        SSL_CTX_set_mode(
            ctx(),
            SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
        );
        SSL_CTX_set_timeout(
            ctx(), std::chrono::duration_cast<std::chrono::seconds>(options.ticket_lifetime).count()
        );
        context->resumption_ = options.resumption
                                   ? options.resumption
                                   : std::make_shared<Resumption>(options.ticket_lifetime);
        SessionCallbacks::install(ctx(), *context->resumption_, options.session_ids);
    }

    [[nodiscard]] certs::Loaded<void> set_policy() const {
        SSL_CTX_set_min_proto_version(ctx(), version_number(options.tls.min_version));
        const std::string ciphers = options.tls.ciphers + never_ciphers;
        if (SSL_CTX_set_cipher_list(ctx(), ciphers.c_str()) != 1) {
            return openssl_failure("tls.ciphers: \"" + options.tls.ciphers + "\"");
        }
        if (SSL_CTX_set_ciphersuites(ctx(), options.tls.ciphersuites.c_str()) != 1) {
            return openssl_failure("tls.ciphersuites: \"" + options.tls.ciphersuites + "\"");
        }
        // Kept as set, for take_over().
        context->tls_.groups = available_groups(ctx(), options.tls.groups);
        if (SSL_CTX_set1_groups_list(ctx(), context->tls_.groups.c_str()) != 1) {
            return openssl_failure("tls.groups: \"" + options.tls.groups + "\"");
        }
        if (auto done = set_signature_algorithms(options.tls.signature_algorithms); !done) {
            return done;
        }
        choose_hosts(ctx());
        serve_staples(ctx());
        context->alpn_wire_ = alpn_wire_format(options.alpn);
        context->data_alpn_wire_ = alpn_wire_format(options.data_alpn);
        choose_protocols(ctx(), *context);
        return {};
    }

    [[nodiscard]] certs::Loaded<void> ask_for_certificates() const {
        const config::ClientCertificate& asked = options.tls.client_certificate;
        if (asked.mode == config::ClientCertificateMode::none) {
            return {};
        }
        auto trust =
            options.trusts != nullptr ? options.trusts->load(asked) : ClientTrust::load(asked);
        if (!trust) {
            return trust.error();
        }
        context->client_trust_ = std::move(*trust);
        return ask_for_client_certificates(ctx(), *context->client_trust_);
    }

    [[nodiscard]] certs::Loaded<void> set_signature_algorithms(const std::string& algorithms
    ) const {
        if (SSL_CTX_set1_sigalgs_list(ctx(), algorithms.c_str()) != 1) {
            return openssl_failure("tls.signature_algorithms: \"" + algorithms + "\"");
        }
        return {};
    }

    /// No session resumes in another protocol, for another host, or around what clients have to
    /// prove now.
    [[nodiscard]] certs::Loaded<void> separate_sessions() const {
        if (auto done = ask_for_certificates(); !done) {
            return done;
        }
        const auto& trust = context->client_trust_;
        const std::string name = options.protocol + '\0' + options.host + '\0' +
                                 (trust == nullptr ? "" : trust->identity());
        std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
        static_assert(digest.size() <= SSL_MAX_SID_CTX_LENGTH);
        if (EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha256(), nullptr) !=
            1) {
            return openssl_failure("cannot name the sessions");
        }
        SSL_CTX_set_session_id_context(ctx(), digest.data(), digest.size());
        return {};
    }

    [[nodiscard]] certs::Loaded<void> add(const Identity& identity) const {
        certs::EvpPkeyPtr offloaded;
        EVP_PKEY* key = nullptr;
        if (const auto* remote = std::get_if<std::shared_ptr<certs::RemoteKey>>(&identity.key)) {
            offloaded = make_offloaded_key(*remote);
            key = offloaded.get();
            context->remote_keys_.push_back(*remote);
        } else {
            key = std::get<certs::EvpPkeyPtr>(identity.key).get();
        }
        const auto& chain = identity.chain.certificates;
        bool ok = key != nullptr && SSL_CTX_use_certificate(ctx(), identity.chain.leaf()) == 1;
        for (std::size_t i = 1; ok && i < chain.size(); ++i) {
            ok = SSL_CTX_add1_chain_cert(ctx(), chain[i].get()) == 1;
        }
        if (!ok || SSL_CTX_use_PrivateKey(ctx(), key) != 1) {
            return openssl_failure("alias \"" + identity.alias + "\" cannot be used for TLS");
        }
        X509_up_ref(identity.chain.leaf());
        context->leaves_.emplace_back(identity.chain.leaf());
        context->certificates_.push_back(describe(identity.alias, identity.chain.leaf()));
        return {};
    }

    /// Offers no signature that a key's token cannot make. Without RSA-PSS there is no RSA in
    /// TLS 1.3 (RFC 8446 §4.2.3).
    [[nodiscard]] certs::Loaded<void> narrow_to_token() const {
        bool pss = true;
        bool pkcs1 = true;
        bool only_rsa = true;
        for (const auto& key : context->remote_keys_) {
            if (key->type() != certs::KeyType::rsa) {
                only_rsa = false;
                continue;
            }
            pss = key->capabilities().pss;
            pkcs1 = key->capabilities().pkcs1;
        }
        std::string algorithms = options.tls.signature_algorithms;
        if (!pss || !pkcs1) {
            algorithms = without_rsa(algorithms, !pss, !pkcs1);
        }
        if (auto done = some_key_signs(algorithms); !done || (pss && pkcs1)) {
            return done;
        }
        if (!pss && only_rsa) {
            SSL_CTX_set_max_proto_version(ctx(), TLS1_2_VERSION);
        }
        return set_signature_algorithms(algorithms);
    }

    /// Else nobody would ever be served.
    [[nodiscard]] certs::Loaded<void> some_key_signs(const std::string& algorithms) const {
        const bool tls1_3 = options.tls.min_version == config::TlsVersion::tls1_3;
        const auto signs = [tls1_3](const std::string& list) {
            return [&list, tls1_3](const auto& leaf) {
                return can_sign(
                    list, EVP_PKEY_get0_type_name(X509_get0_pubkey(leaf.get())), tls1_3
                );
            };
        };
        const auto& leaves = context->leaves_;
        if (leaves.empty() || std::ranges::any_of(leaves, signs(algorithms))) {
            return {};
        }
        const auto& first = context->certificates_.front();
        const std::string who = "alias \"" + first.alias + "\": ";
        const std::string& wanted = options.tls.signature_algorithms;
        const bool by_token = std::ranges::any_of(leaves, signs(wanted));
        if (by_token && tls1_3) {
            return unsupported(
                who +
                "the token cannot make RSA-PSS signatures, which TLS 1.3 needs; allow TLS "
                "1.2 (tls.min_version) or use an EC key"
            );
        }
        return unsupported(
            who + "none of the signature algorithms \"" + wanted +
            "\" (tls.signature_algorithms) can be made with its key (" + first.type + ")" +
            (by_token ? " by this token" : "") + (tls1_3 ? " in TLS 1.3" : "") +
            "; add one, or use another key"
        );
    }

    static Failure unsupported(std::string why) {
        return {make_error_code(certs::Errc::key_unsupported), std::move(why)};
    }
};

certs::Loaded<std::shared_ptr<const Context>> Context::create(
    const Options& options, const std::vector<IdentityPtr>& identities
) {
    ContextBuilder builder{options};
    if (auto built = builder.build(identities); !built) {
        return built.error();
    }
    return std::shared_ptr<const Context>(std::move(builder.context));
}

}  // namespace hsmfront::tls
