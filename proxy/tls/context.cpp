#include "proxy/tls/context.hpp"

#include "certs/errc.hpp"
#include "proxy/tls/client_certificates.hpp"
#include "proxy/tls/offloaded_key.hpp"
#include "proxy/tls/openssl_error.hpp"
#include "proxy/tls/session_callbacks.hpp"
#include "proxy/tls/stream.hpp"

#include <openssl/sha.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace hsmfront::tls {
namespace {

using certs::Failure;

Failure openssl_failure(const std::string& what) {
    return {make_error_code(certs::Errc::file_malformed), what + ": " + drain_errors()};
}

constexpr std::string_view http2 = "h2";

/// Whether HTTP/2 may be spoken with what was agreed on so far: of TLS 1.2 only ephemeral keys with
/// AEAD (RFC 9113 §9.2.2). The cipher is chosen before ALPN, also when a session resumes.
bool fits_http2(const SSL* ssl) {
    if (SSL_version(ssl) >= TLS1_3_VERSION) {
        return true;
    }
    const SSL_CIPHER* cipher = SSL_get_pending_cipher(ssl);
    if (cipher == nullptr || SSL_CIPHER_is_aead(cipher) != 1) {
        return false;
    }
    const int exchange = SSL_CIPHER_get_kx_nid(cipher);
    return exchange == NID_kx_ecdhe || exchange == NID_kx_dhe;
}

/// Our list for this connection, in ALPN's wire format.
std::basic_string_view<unsigned char> protocols_for(SSL* ssl, const Context& context) {
    const auto& wire = context.alpn(Stream::of(ssl).options().data_connection);
    std::basic_string_view<unsigned char> ours(wire.data(), wire.size());
    const std::size_t first = ours.empty() ? 0 : ours.front();
    const bool prefers_http2 =
        first == http2.size() && std::equal(http2.begin(), http2.end(), ours.begin() + 1);
    if (prefers_http2 && !fits_http2(ssl)) {
        ours.remove_prefix(1 + first);
    }
    return ours;
}

/// Chooses from the client's list; a client that names protocols but none of ours is refused
/// (RFC 7301 §3.2), one that names none is served.
int select_alpn(
    SSL* ssl,
    const unsigned char** out,
    unsigned char* out_length,
    const unsigned char* offered,
    unsigned int offered_length,
    void* argument
) {
    const auto& context = *static_cast<const Context*>(argument);
    const auto ours = protocols_for(ssl, context);
    if (ours.empty()) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const int rc = SSL_select_next_proto(
        const_cast<unsigned char**>(out),
        out_length,
        ours.data(),
        static_cast<unsigned int>(ours.size()),
        offered,
        offered_length
    );
    return rc == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
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

const NamedContext* find_exact(const std::vector<NamedContext>& hosts, std::string_view name) {
    const auto found = std::find_if(hosts.begin(), hosts.end(), [name](const auto& host) {
        return host.name == name;
    });
    return found == hosts.end() ? nullptr : &*found;
}

/// The host asked for by SNI, or our own identities. A data connection keeps the certificate of its
/// control session whatever name it sends (RFC 4217 §15.1.1): many clients send another, or none.
int select_host(SSL* ssl, int*, void* argument) {
    const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (asked == nullptr) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    Stream& stream = Stream::of(ssl);
    const NamedContext* host = static_cast<const Context*>(argument)->find_host(asked);
    if (host != nullptr && !stream.options().data_connection) {
        stream.choose(*host);
    }
    return SSL_TLSEXT_ERR_OK;
}

std::vector<unsigned char> alpn_wire_format(const std::vector<std::string>& protocols) {
    std::vector<unsigned char> wire;
    for (const auto& protocol : protocols) {
        wire.push_back(static_cast<unsigned char>(protocol.size()));
        wire.insert(wire.end(), protocol.begin(), protocol.end());
    }
    return wire;
}

}  // namespace

/// Builds a Context step by step; the first failure ends it.
struct ContextBuilder {
    const Context::Options& options;
    std::shared_ptr<Context> context{new Context};

    [[nodiscard]] SSL_CTX* ctx() const { return context->ctx_.get(); }

    certs::Loaded<void> build(std::vector<Identity> identities) {
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
        for (auto& identity : identities) {
            if (auto done = add(identity); !done) {
                return done;
            }
        }
        add_hosts();
        if (auto done = keep_ticket_keys(); !done) {
            return done;
        }
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
        if (!context->hosts_.empty()) {
            SSL_CTX_set_tlsext_servername_callback(ctx(), select_host);
            SSL_CTX_set_tlsext_servername_arg(ctx(), context.get());
        }
    }

    /// Sessions of before a reload resume after it: else a reload would cost each client a
    /// signature.
    [[nodiscard]] certs::Loaded<void> keep_ticket_keys() const {
        if (options.predecessor == nullptr) {
            return {};
        }
        // Name, HMAC key and AES key, in OpenSSL's own layout (ssl_local.h, TLSEXT_KEYNAME_LENGTH).
        std::array<unsigned char, 80> keys{};
        const auto size = static_cast<long>(keys.size());
        const bool ok =
            SSL_CTX_get_tlsext_ticket_keys(options.predecessor->native(), keys.data(), size) == 1 &&
            SSL_CTX_set_tlsext_ticket_keys(ctx(), keys.data(), size) == 1;
        OPENSSL_cleanse(keys.data(), keys.size());
        return ok ? certs::Loaded<void>{} : openssl_failure("cannot keep the ticket keys");
    }

    void set_modes() const {
        SSL_CTX_set_options(
            ctx(),
            SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_PRIORITIZE_CHACHA |
                SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_ENABLE_KTLS
        );
        SSL_CTX_set_mode(
            ctx(),
            SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
        );
        SSL_CTX_set_timeout(
            ctx(),
            std::chrono::duration_cast<std::chrono::seconds>(options.tls.ticket_lifetime).count()
        );
        SessionCallbacks::install(ctx(), options.session_ids);
    }

    [[nodiscard]] certs::Loaded<void> set_policy() const {
        const bool only_1_3 = options.tls.min_version == config::TlsVersion::tls1_3;
        SSL_CTX_set_min_proto_version(ctx(), only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
        // RSA key exchange decrypts with the key, which a signing HSM key must never do.
        const std::string ciphers = options.tls.ciphers + ":!kRSA";
        if (SSL_CTX_set_cipher_list(ctx(), ciphers.c_str()) != 1) {
            return openssl_failure("tls.ciphers: \"" + options.tls.ciphers + "\"");
        }
        if (SSL_CTX_set_ciphersuites(ctx(), options.tls.ciphersuites.c_str()) != 1) {
            return openssl_failure("tls.ciphersuites: \"" + options.tls.ciphersuites + "\"");
        }
        if (SSL_CTX_set1_groups_list(ctx(), options.tls.groups.c_str()) != 1) {
            return openssl_failure("tls.groups: \"" + options.tls.groups + "\"");
        }
        context->alpn_wire_ = alpn_wire_format(options.alpn);
        context->data_alpn_wire_ = alpn_wire_format(options.data_alpn);
        SSL_CTX_set_alpn_select_cb(ctx(), select_alpn, context.get());
        return {};
    }

    /// No session resumes in another protocol, or around what clients have to prove now.
    [[nodiscard]] certs::Loaded<void> separate_sessions() const {
        const auto asked = ask_for_client_certificates(ctx(), options.tls);
        if (!asked) {
            return asked.error();
        }
        const std::string name = options.session_context + '\0' + *asked;
        std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
        static_assert(digest.size() <= SSL_MAX_SID_CTX_LENGTH);
        if (EVP_Digest(name.data(), name.size(), digest.data(), nullptr, EVP_sha256(), nullptr) !=
            1) {
            return openssl_failure("cannot name the sessions");
        }
        SSL_CTX_set_session_id_context(ctx(), digest.data(), digest.size());
        return {};
    }

    [[nodiscard]] certs::Loaded<void> add(Identity& identity) const {
        certs::EvpPkeyPtr key;
        if (auto* remote = std::get_if<std::shared_ptr<certs::RemoteKey>>(&identity.key)) {
            key = make_offloaded_key(*remote);
            context->remote_keys_.push_back(*remote);
        } else {
            key = std::move(std::get<certs::EvpPkeyPtr>(identity.key));
        }
        const auto& chain = identity.chain.certificates;
        bool ok = key != nullptr && SSL_CTX_use_certificate(ctx(), identity.chain.leaf()) == 1;
        for (std::size_t i = 1; ok && i < chain.size(); ++i) {
            ok = SSL_CTX_add1_chain_cert(ctx(), chain[i].get()) == 1;
        }
        if (!ok || SSL_CTX_use_PrivateKey(ctx(), key.get()) != 1) {
            return openssl_failure("alias \"" + identity.alias + "\" cannot be used for TLS");
        }
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
        if (pss && pkcs1) {
            return {};
        }
        std::string algorithms = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519";
        algorithms += pss ? ":rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512" : "";
        algorithms += pkcs1 ? ":RSA+SHA256:RSA+SHA384:RSA+SHA512" : "";
        if (SSL_CTX_set1_sigalgs_list(ctx(), algorithms.c_str()) != 1) {
            return openssl_failure("signature algorithms \"" + algorithms + "\"");
        }
        if (!pss && only_rsa) {
            if (options.tls.min_version == config::TlsVersion::tls1_3) {
                return Failure{
                    make_error_code(certs::Errc::key_unsupported),
                    "alias \"" + context->certificates_.front().alias +
                        "\": the token cannot make RSA-PSS signatures, which TLS 1.3 needs; allow "
                        "TLS 1.2 (tls.min_version) or use an EC key"};
            }
            SSL_CTX_set_max_proto_version(ctx(), TLS1_2_VERSION);
        }
        return {};
    }
};

certs::Loaded<std::shared_ptr<const Context>> Context::create(
    const Options& options, std::vector<Identity> identities
) {
    ContextBuilder builder{options};
    if (auto built = builder.build(std::move(identities)); !built) {
        return built.error();
    }
    return std::shared_ptr<const Context>(std::move(builder.context));
}

const NamedContext* Context::find_host(std::string_view name) const {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const NamedContext* host = find_exact(hosts_, lower);
    const auto dot = lower.find('.');
    if (host == nullptr && dot != std::string::npos) {
        host = find_exact(hosts_, "*" + lower.substr(dot));
    }
    return host;
}

std::shared_ptr<const Context> Context::host(std::string_view name) const {
    const NamedContext* found = find_host(name);
    return found == nullptr ? nullptr : found->context;
}

bool Context::available() const {
    return !certificates_.empty() &&
           std::all_of(remote_keys_.begin(), remote_keys_.end(), [](const auto& key) {
               return key->available();
           });
}

}  // namespace hsmfront::tls
