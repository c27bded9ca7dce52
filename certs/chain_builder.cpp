#include "certs/chain_builder.hpp"

#include "certs/certificate_text.hpp"
#include "certs/errc.hpp"
#include "certs/key_spec.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

namespace hsmfront::certs {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, Deleter<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, Deleter<X509_STORE_CTX_free>>;
using Certificates = std::vector<X509Ptr>;

constexpr int nearly_expired_days = 30;
constexpr std::size_t longest_chain = 10;

struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_free(stack); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeStack>;

bool self_issued(X509* certificate) {
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) ==
           0;
}

bool holds(const Certificates& all, const X509* certificate) {
    return std::any_of(all.begin(), all.end(), [certificate](const X509Ptr& other) {
        return X509_cmp(other.get(), certificate) == 0;
    });
}

void remove_duplicates(Certificates& all) {
    Certificates unique;
    for (X509Ptr& certificate : all) {
        if (!holds(unique, certificate.get())) {
            unique.push_back(std::move(certificate));
        }
    }
    all = std::move(unique);
}

class Builder {
  public:
    explicit Builder(ChainMaterial material) : material_(std::move(material)) {
        remove_duplicates(material_.given);
    }

    Loaded<BuiltChain> build(EVP_PKEY* key) {
        if (auto found = take_leaf(key); !found) {
            return found.error();
        }
        while (chain().size() < longest_chain && !self_issued(chain().back().get())) {
            X509Ptr issuer = find_issuer();
            if (!issuer) {
                break;
            }
            chain().push_back(std::move(issuer));
        }
        if (auto verified = verify(); !verified) {
            return verified.error();
        }
        warn_about_end();
        warn_about_leaf();
        for (const X509Ptr& certificate : material_.given) {
            if (!holds(chain(), certificate.get())) {
                warn("not part of the chain, left out: " + subject_text(certificate.get()));
            }
        }
        return std::move(result_);
    }

  private:
    Certificates& chain() { return result_.chain.certificates; }
    X509* leaf() { return chain().front().get(); }
    void warn(std::string text) { result_.warnings.push_back(std::move(text)); }

    Loaded<void> take_leaf(EVP_PKEY* key) {
        Certificates& given = material_.given;
        X509* best = nullptr;
        for (const X509Ptr& candidate : given) {
            EVP_PKEY* certified = X509_get0_pubkey(candidate.get());
            if (certified == nullptr || EVP_PKEY_eq(certified, key) != 1) {
                continue;
            }
            if (best != nullptr) {
                warn("more than one certificate for this key; the one that is valid longest wins");
            }
            if (best == nullptr ||
                ASN1_TIME_compare(X509_get0_notAfter(candidate.get()), X509_get0_notAfter(best)) >
                    0) {
                best = candidate.get();
            }
        }
        ERR_clear_error();
        if (best == nullptr) {
            return mismatch(key);
        }
        X509_up_ref(best);
        chain().emplace_back(best);
        return {};
    }

    [[nodiscard]] Failure mismatch(EVP_PKEY* key) const {
        std::string list;
        for (const X509Ptr& certificate : material_.given) {
            EVP_PKEY* certified = X509_get0_pubkey(certificate.get());
            list += "\n  " + subject_text(certificate.get()) + " (" +
                    (certified != nullptr ? describe_key(certified) : "unknown key") +
                    "), issued by " + issuer_text(certificate.get());
        }
        ERR_clear_error();
        return Failure{
            Errc::key_mismatch,
            "alias '" + material_.alias + "': no certificate for its key (" + describe_key(key) +
                "); given were those of other keys:" + list +
                "\nhave the request of 'hsmfront cert request " + material_.alias +
                "' signed, or correct the alias"};
    }

    /// One whose name fits and whose key made the signature; `given` comes first.
    X509Ptr find_issuer() {
        X509* subject = chain().back().get();
        for (const Certificates* pool : {&material_.given, &material_.authorities}) {
            for (const X509Ptr& candidate : *pool) {
                EVP_PKEY* key = X509_get0_pubkey(candidate.get());
                if (!holds(chain(), candidate.get()) && key != nullptr &&
                    X509_check_issued(candidate.get(), subject) == X509_V_OK &&
                    X509_verify(subject, key) == 1) {
                    X509_up_ref(candidate.get());
                    return X509Ptr(candidate.get());
                }
            }
        }
        ERR_clear_error();
        return nullptr;
    }

    /// As a client that trusts the last certificate of the chain.
    Loaded<void> verify() {
        const StorePtr store(X509_STORE_new());
        const StoreContextPtr context(X509_STORE_CTX_new());
        const StackPtr others(sk_X509_new_null());
        for (const X509Ptr& certificate : chain()) {
            sk_X509_push(others.get(), certificate.get());
        }
        X509_STORE_add_cert(store.get(), chain().back().get());
        X509_STORE_CTX_init(context.get(), store.get(), leaf(), others.get());
        X509_VERIFY_PARAM* wanted = X509_STORE_CTX_get0_param(context.get());
        X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_PARTIAL_CHAIN);
        X509_VERIFY_PARAM_set_time(wanted, material_.now);
        const bool good = X509_verify_cert(context.get()) == 1;
        const int error = X509_STORE_CTX_get_error(context.get());
        X509* culprit = X509_STORE_CTX_get_current_cert(context.get());
        const std::string who = culprit != nullptr ? subject_text(culprit) : subject_text(leaf());
        ERR_clear_error();
        if (good) {
            return {};
        }
        return Failure{
            Errc::file_malformed,
            "alias '" + material_.alias + "': the chain does not verify: " + who + ": " +
                X509_verify_cert_error_string(error)};
    }

    void warn_about_end() {
        X509* last = chain().back().get();
        if (self_issued(last)) {
            if (chain().size() == 1) {
                warn("the certificate is self-signed; clients must trust it itself");
            }
            return;
        }
        const std::string issuer = issuer_text(last);
        warn(
            chain().size() == 1
                ? "its issuer (" + issuer +
                      ") is missing; if that is an intermediate, clients will not trust the "
                      "certificate: import it as well, or name it by --ca"
                : "the chain ends below " + issuer + "; clients must have that one themselves"
        );
    }

    void warn_about_leaf() {
        for (const X509Ptr& certificate : chain()) {
            const int days = days_left(certificate.get(), material_.now);
            if (days < nearly_expired_days) {
                warn(
                    subject_text(certificate.get()) + " expires in " + std::to_string(days) +
                    " days"
                );
            }
        }
        const std::uint32_t usage = X509_get_key_usage(leaf());
        if (usage != UINT32_MAX && (usage & KU_DIGITAL_SIGNATURE) == 0) {
            warn("its key usage lacks digitalSignature; clients will refuse it for TLS 1.3");
        }
        if (X509_check_purpose(leaf(), X509_PURPOSE_SSL_SERVER, 0) != 1) {
            warn("its key usage does not allow a TLS server (extendedKeyUsage serverAuth)");
        }
        if (X509_check_ca(leaf()) == 1 && chain().size() > 1) {
            warn("it is a CA's certificate itself (CA:TRUE)");
        }
        if (names_of(leaf()).empty()) {
            warn(
                "it has no subjectAltName; present clients look for the server's name nowhere "
                "else"
            );
        }
        ERR_clear_error();
    }

    ChainMaterial material_;
    BuiltChain result_;
};

}  // namespace

Loaded<BuiltChain> build_chain(EVP_PKEY* key, ChainMaterial material) {
    return Builder(std::move(material)).build(key);
}

}  // namespace hsmfront::certs
