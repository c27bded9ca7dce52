#include "certs/chain_problems.hpp"

#include "certs/certificate_text.hpp"
#include "certs/ocsp_response.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace hsmfront::certs {
namespace {

constexpr int nearly_expired_days = 30;
constexpr int least_rsa_bits = 2048;
constexpr int least_ec_bits = 256;
/// Strength of a digest, in bits, below which signatures are forged: SHA-1 has 63 (OpenSSL).
constexpr int least_signature_bits = 80;

bool self_issued(X509* certificate) {
    return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) ==
           0;
}

bool issued(X509* issuer, X509* subject) { return X509_check_issued(issuer, subject) == X509_V_OK; }

class Examiner {
  public:
    Examiner(const Chain& chain, std::time_t now) : all_(chain.certificates), now_(now) {}

    std::vector<std::string> run() {
        look_for_issuers();
        for (const X509Ptr& certificate : all_) {
            look_at(certificate.get());
        }
        look_at_leaf(all_.front().get());
        ERR_clear_error();
        return std::move(problems_);
    }

  private:
    void add(std::string problem) { problems_.push_back(std::move(problem)); }

    /// Follows the issuers from the leaf, wherever in the file they are.
    void look_for_issuers() {
        std::vector<std::size_t> path{0};
        while (!self_issued(all_[path.back()].get())) {
            const auto next = issuer_of(path.back());
            if (next == all_.size() || std::find(path.begin(), path.end(), next) != path.end()) {
                break;
            }
            path.push_back(next);
        }
        judge_end(path);
        if (!std::is_sorted(path.begin(), path.end())) {
            add("the certificates are not in order; put each one before its issuer");
        }
        for (std::size_t i = 0; i < all_.size(); ++i) {
            if (std::find(path.begin(), path.end(), i) == path.end()) {
                add("number " + std::to_string(i + 1) + " (" + subject_text(all_[i].get()) +
                    ") is no part of the chain; remove it");
            }
        }
    }

    [[nodiscard]] std::size_t issuer_of(std::size_t index) const {
        std::size_t i = 0;
        while (i < all_.size() && (i == index || !issued(all_[i].get(), all_[index].get()))) {
            ++i;
        }
        return i;
    }

    void judge_end(const std::vector<std::size_t>& path) {
        X509* last = all_[path.back()].get();
        if (self_issued(last)) {
            if (path.size() == 1) {
                add("the certificate is self-signed; clients must trust it itself");
            } else if (path.size() > 2) {
                // The procedure of an internal CA without intermediates appends the root.
                add("the root (" + subject_text(last) +
                    ") is in the file; clients have it, and it makes each handshake larger");
            }
            return;
        }
        if (path.size() == 1) {
            add("its issuer (" + issuer_text(last) +
                ") is not in the file; if that is an intermediate, clients without it refuse the "
                "certificate: append it");
        }
    }

    void look_at(X509* certificate) {
        const std::string who = subject_text(certificate);
        const int days = days_left(certificate, now_);
        if (not_yet_valid(certificate, now_)) {
            add(who + " is not valid yet (from " + time_text(X509_get0_notBefore(certificate)) + ")"
            );
        }
        if (days < 0) {
            add(who + " has expired (" + time_text(X509_get0_notAfter(certificate)) +
                "); clients will refuse it");
        } else if (days < nearly_expired_days) {
            add(who + " expires within " + std::to_string(days + 1) + " days (" +
                time_text(X509_get0_notAfter(certificate)) + ")");
        }
        look_at_strength(certificate, who);
    }

    void look_at_strength(X509* certificate, const std::string& who) {
        EVP_PKEY* key = X509_get0_pubkey(certificate);
        const int bits = key != nullptr ? EVP_PKEY_get_bits(key) : 0;
        const bool rsa = key != nullptr && EVP_PKEY_is_a(key, "RSA") == 1;
        const bool ec = key != nullptr && EVP_PKEY_is_a(key, "EC") == 1;
        if (key == nullptr) {
            add("the key of " + who + " is of a kind that OpenSSL does not know");
        } else if ((rsa && bits < least_rsa_bits) || (ec && bits < least_ec_bits)) {
            add("the key of " + who + " is weak (" + std::to_string(bits) +
                " bits); clients refuse it");
        }
        int digest = NID_undef;
        int strength = 0;
        // Nobody verifies the signature of a root.
        if (!self_issued(certificate) &&
            X509_get_signature_info(certificate, &digest, nullptr, &strength, nullptr) == 1 &&
            strength < least_signature_bits) {
            add(who + " is signed with a weak digest (" + OBJ_nid2sn(digest) +
                "); clients refuse it");
        }
    }

    void look_at_leaf(X509* leaf) {
        const std::string who = subject_text(leaf);
        if (names_of(leaf).empty()) {
            add(who +
                " has no subjectAltName; present clients look for the server's name nowhere else");
        }
        if ((X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0 &&
            (X509_get_extended_key_usage(leaf) & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0) {
            add(who +
                " is not for TLS servers (extendedKeyUsage without serverAuth); clients "
                "refuse it");
        }
        const std::uint32_t usage = X509_get_key_usage(leaf);
        if (usage != UINT32_MAX && (usage & KU_DIGITAL_SIGNATURE) == 0) {
            add(who +
                " is not for signatures (keyUsage without digitalSignature); clients refuse "
                "it");
        }
        if ((X509_get_extension_flags(leaf) & EXFLAG_CA) != 0 && !self_issued(leaf)) {
            add(who + " is a CA's certificate (CA:TRUE); it should not be a server's");
        }
    }

    const std::vector<X509Ptr>& all_;
    std::time_t now_;
    std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> find_problems(const Chain& chain, std::time_t now) {
    return Examiner(chain, now).run();
}

}  // namespace hsmfront::certs
