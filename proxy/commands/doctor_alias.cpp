#include "certs/certificate_text.hpp"
#include "certs/errc.hpp"
#include "certs/key_pair.hpp"
#include "proxy/commands/doctor_steps.hpp"
#include "proxy/commands/load_meter.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <ctime>
#include <iomanip>
#include <sstream>

namespace hsmfront::commands {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int nearly_expired_days = 30;

std::string signing_text(const certs::SignPlan& plan) {
    if (plan.type == certs::KeyType::ec) {
        return ", signs by CKM_ECDSA";
    }
    if (plan.type == certs::KeyType::ed25519) {
        return ", signs by CKM_EDDSA";
    }
    std::string text = ", signs by ";
    text += plan.pss == certs::PssWay::native   ? "CKM_RSA_PKCS_PSS"
            : plan.pss == certs::PssWay::padded ? "CKM_RSA_X_509 with RSA-PSS padded here"
                                                : "no RSA-PSS: no TLS 1.3 with this key";
    return text + (plan.pkcs1 ? ", CKM_RSA_PKCS" : ", not by CKM_RSA_PKCS");
}

bool belongs(const X509* certificate, const certs::TokenKey& key) {
    EVP_PKEY* certified = X509_get0_pubkey(certificate);
    const bool same = certified != nullptr && EVP_PKEY_eq(certified, key.public_key.get()) == 1;
    ERR_clear_error();
    return same;
}

/// The steps of one alias; their findings all carry its name.
class Examination {
  public:
    Examination(
        Checklist& list,
        const config::Settings& settings,
        const certs::AdminToken& token,
        std::string alias
    )
        : list_(list),
          settings_(settings),
          token_(token),
          alias_(std::move(alias)),
          step_("alias " + alias_),
          renew_(
              "'hsmfront cert request " + alias_ + " …', have it signed, 'hsmfront cert import " +
              alias_ + " FILE'"
          ) {}

    void run() {
        auto key = token_.find_key(alias_);
        // A token may show no public half at all; the certificate's stands in for it then.
        if (const auto leaf = leaf_in_file(settings_, alias_);
            !key && leaf && key.error().code == certs::Errc::key_unsupported) {
            key = token_.find_key(alias_, X509_get0_pubkey(leaf.get()));
        }
        if (!key) {
            const bool none = key.error().code == certs::Errc::key_not_found;
            list_.fail(
                step_,
                key.error().message,
                none ? "make one by 'hsmfront key generate " + alias_ + "', or correct the alias"
                     : std::string()
            );
            return;
        }
        list_.ok(step_, certs::describe_key((*key)->public_key.get()) + signing_text((*key)->plan));
        look_at_protection();
        look_at_certificate(**key);
        time_signatures(**key);
    }

  private:
    void look_at_protection() {
        const auto handle = certs::find_private_key(token_.session(), alias_);
        if (!handle) {
            return;
        }
        const auto protection = certs::protection_of(token_.session(), *handle);
        if (protection.sensitive && !protection.extractable) {
            list_.ok(
                step_,
                protection.never_extractable ? "sensitive, never was extractable"
                                             : "sensitive, not extractable"
            );
        } else {
            list_.warn(
                step_,
                protection.extractable ? "the private key may be extracted from the token"
                                       : "the private key is not sensitive",
                "make a new one by 'hsmfront key generate' and have it certified"
            );
        }
    }

    /// As "serve" does: the file, else the token.
    void look_at_certificate(const certs::TokenKey& key) {
        const auto file = settings_.certificates / (alias_ + ".pem");
        std::error_code ignored;
        if (!std::filesystem::exists(file, ignored)) {
            const auto leaf = certificate_in_token(key);
            if (leaf) {
                judge_certificate(key, leaf.get(), "in the token");
            } else {
                list_.fail(
                    step_, "no certificate, neither " + file.string() + " nor in the token", renew_
                );
            }
            return;
        }
        const auto chain = certs::read_chain(file);
        if (!chain) {
            list_.fail(step_, chain.error().message, renew_);
            return;
        }
        judge_certificate(key, chain->leaf(), file.string());
    }

    [[nodiscard]] certs::X509Ptr certificate_in_token(const certs::TokenKey& key) const {
        auto found = certs::find_certificates(token_.session(), alias_);
        certs::X509Ptr leaf;
        for (std::size_t i = 0; found && i < found->size(); ++i) {
            if (!leaf || belongs((*found)[i].get(), key)) {
                leaf = std::move((*found)[i]);
            }
        }
        return leaf;
    }

    void judge_certificate(const certs::TokenKey& key, const X509* leaf, const std::string& where) {
        const auto now = std::time(nullptr);
        const int days = certs::days_left(leaf, now);
        const std::string text =
            certs::subject_text(leaf) + " (" + where + "), " + std::to_string(days) + " days left";
        if (!belongs(leaf, key)) {
            list_.fail(step_, "certificate of another key: " + text, renew_);
        } else if (days < 0 || certs::not_yet_valid(leaf, now)) {
            list_.fail(step_, "certificate not valid now: " + text, renew_);
        } else if (days < nearly_expired_days) {
            list_.warn(step_, "certificate expires soon: " + text, renew_);
        } else {
            list_.ok(step_, "certificate matches: " + text);
        }
    }

    void time_signatures(const certs::TokenKey& key) {
        constexpr std::size_t rounds = 20;
        const auto request = handshake_request(key.plan.type, key.plan.capabilities());
        std::vector<Milliseconds> times;
        for (std::size_t i = 0; i < rounds; ++i) {
            const auto begun = Clock::now();
            const auto signature = token_.sign(key, request);
            if (!signature) {
                list_.fail(step_, "test signature: " + signature.error().message());
                return;
            }
            times.emplace_back(Clock::now() - begun);
        }
        std::sort(times.begin(), times.end());
        list_.ok(
            step_,
            "a signature takes " + in_ms(times[rounds / 2]) + " (slowest of " +
                std::to_string(rounds) + ": " + in_ms(times.back()) + ")"
        );
    }

    Checklist& list_;
    const config::Settings& settings_;
    const certs::AdminToken& token_;
    const std::string alias_;
    const std::string step_;
    const std::string renew_;
};

}  // namespace

std::string in_ms(Milliseconds time) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(time.count() < 10 ? 2 : 1) << time.count() << " ms";
    return text.str();
}

certs::X509Ptr leaf_in_file(const config::Settings& settings, const std::string& alias) {
    auto chain = certs::read_chain(settings.certificates / (alias + ".pem"));
    return chain ? std::move(chain->certificates.front()) : nullptr;
}

void examine_alias(
    Checklist& list,
    const config::Settings& settings,
    const certs::AdminToken& token,
    const std::string& alias
) {
    Examination(list, settings, token, alias).run();
}

}  // namespace hsmfront::commands
