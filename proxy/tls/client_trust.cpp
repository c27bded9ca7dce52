#include "proxy/tls/client_trust.hpp"

#include "certs/errc.hpp"
#include "proxy/log/component.hpp"
#include "proxy/net/printable.hpp"
#include "proxy/tls/certificate_names.hpp"
#include "proxy/tls/openssl_error.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hsmfront::tls {
namespace {

std::string digest_of(const X509_CRL* crl) {
    std::array<unsigned char, 32> digest{};
    X509_CRL_digest(crl, EVP_sha256(), digest.data(), nullptr);
    return {digest.begin(), digest.end()};
}

/// With its kind and length, so that no two lists of parts look alike when they are joined.
std::string part(std::string_view kind, std::string_view content) {
    return std::string(kind) + ':' + std::to_string(content.size()) + ':' + std::string(content);
}

}  // namespace

certs::Loaded<std::shared_ptr<const ClientTrust>> ClientTrust::load(
    const config::ClientCertificate& asked
) {
    std::shared_ptr<ClientTrust> trust(new ClientTrust);
    if (auto read = trust->read(asked); !read) {
        return read.error();
    }
    trust->drop_revoked();
    trust->store_.reset(X509_STORE_new());
    if (!trust->fill_store()) {
        return certs::Failure{
            make_error_code(certs::Errc::file_malformed),
            "tls.client_certificate.ca " + asked.ca.string() + ": " + drain_errors()};
    }
    return std::shared_ptr<const ClientTrust>(std::move(trust));
}

certs::Loaded<void> ClientTrust::read(const config::ClientCertificate& asked) {
    asked_ = asked;
    auto authorities = certs::read_authorities(asked.ca);
    if (!authorities) {
        return authorities.error();
    }
    authorities_ = std::move(*authorities);
    for (const auto& file : asked.crl) {
        auto crls = certs::read_crls(file);
        if (!crls) {
            auto failure = crls.error();
            failure.message = "tls.client_certificate.crl: " + failure.message;
            return failure;
        }
        std::ranges::move(*crls, std::back_inserter(crls_));
    }
    return {};
}

/// What is in the store is an anchor: OpenSSL asks no CRL about it unless it finds its issuer.
void ClientTrust::drop_revoked() {
    std::vector<const X509*> revoked;
    for (const auto& crl : crls_) {
        if (certs::signer_of(crl.get(), authorities_) == nullptr) {
            continue;
        }
        for (const auto& authority : authorities_) {
            X509_REVOKED* entry = nullptr;
            if (X509_CRL_get0_by_cert(crl.get(), &entry, authority.get()) == 1) {
                revoked.push_back(authority.get());
            }
        }
    }
    std::erase_if(authorities_, [&](const certs::X509Ptr& authority) {
        const bool gone = std::ranges::find(revoked, authority.get()) != revoked.end();
        if (gone) {
            log::tls.warn(
                "tls.client_certificate.ca {}: \"{}\" is revoked by a CRL and not believed",
                asked_.ca.string(),
                net::printable(subject_of(authority.get()))
            );
        }
        return gone;
    });
}

bool ClientTrust::fill_store() const {
    const bool full =
        std::ranges::all_of(
            authorities_,
            [this](const auto& one) { return X509_STORE_add_cert(store_.get(), one.get()) == 1; }
        ) &&
        std::ranges::all_of(crls_, [this](const auto& one) {
            return X509_STORE_add_crl(store_.get(), one.get()) == 1;
        });
    // Whoever is in the file is trusted, an issuing CA without its root too.
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
    if (!crls_.empty()) {
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    }
    return full && X509_STORE_set_flags(store_.get(), flags) == 1;
}

std::string ClientTrust::identity() const {
    std::vector<std::string> parts;
    for (const auto& authority : authorities_) {
        parts.push_back(part("ca", fingerprint_of(authority.get())));
    }
    for (const auto& crl : crls_) {
        parts.push_back(part("crl", digest_of(crl.get())));
    }
    const std::pair<const char*, const std::vector<std::string>&> lists[] = {
        {"subject", asked_.allow.subjects},
        {"name", asked_.allow.names},
        {"fingerprint", asked_.allow.fingerprints},
    };
    for (const auto& [kind, list] : lists) {
        for (const auto& one : list) {
            parts.push_back(part(kind, one));
        }
    }
    std::ranges::sort(parts);
    std::string all = asked_.mode == config::ClientCertificateMode::require ? "require" : "request";
    all += part("depth", std::to_string(asked_.depth));
    all += part("expired", asked_.accept_expired_crl ? "accepted" : "refused");
    for (const auto& one : parts) {
        all += one;
    }
    return all;
}

bool ClientTrust::tolerates(X509_STORE_CTX* verification) const {
    switch (X509_STORE_CTX_get_error(verification)) {
        case X509_V_ERR_CRL_HAS_EXPIRED:
            return asked_.accept_expired_crl;
        case X509_V_ERR_UNABLE_TO_GET_CRL: {
            const int depth = X509_STORE_CTX_get_error_depth(verification);
            const int anchor = sk_X509_num(X509_STORE_CTX_get0_chain(verification)) - 1;
            const X509* certificate = X509_STORE_CTX_get_current_cert(verification);
            // One that is there and does not fit is no reason to go without. Not so for the anchor,
            // for which OpenSSL has no issuer to check a CRL by: see drop_revoked().
            return depth > 0 && (depth == anchor || !has_crl_of(X509_get_issuer_name(certificate)));
        }
        default:
            return false;
    }
}

bool ClientTrust::still_good(const X509* certificate, std::time_t now) const {
    return X509_cmp_time(X509_get0_notBefore(certificate), &now) < 0 &&
           X509_cmp_time(X509_get0_notAfter(certificate), &now) > 0 &&
           (crls_.empty() || asked_.accept_expired_crl ||
            has_crl_in_force(X509_get_issuer_name(certificate), now));
}

bool ClientTrust::has_crl_of(const X509_NAME* issuer) const {
    return std::ranges::any_of(crls_, [issuer](const auto& crl) {
        return X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), issuer) == 0;
    });
}

bool ClientTrust::has_crl_in_force(const X509_NAME* issuer, std::time_t now) const {
    return std::ranges::any_of(crls_, [issuer, &now](const auto& crl) {
        const ASN1_TIME* until = X509_CRL_get0_nextUpdate(crl.get());
        return X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), issuer) == 0 &&
               (until == nullptr || X509_cmp_time(until, &now) > 0);
    });
}

certs::Loaded<std::shared_ptr<const ClientTrust>> ClientTrusts::load(
    const config::ClientCertificate& asked
) {
    const auto same = std::ranges::find_if(loaded_, [&asked](const auto& trust) {
        return trust->asked() == asked;
    });
    if (same != loaded_.end()) {
        return *same;
    }
    auto trust = ClientTrust::load(asked);
    if (trust) {
        loaded_.push_back(*trust);
    }
    return trust;
}

}  // namespace hsmfront::tls
