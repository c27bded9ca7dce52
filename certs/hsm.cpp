#include "certs/hsm.hpp"

#include "certs/supervisor.hpp"
#include "certs/token_objects.hpp"

#include <openssl/x509v3.h>

#include <algorithm>

namespace hsmfront::certs {
namespace {

class PooledKey final : public RemoteKey {
  public:
    PooledKey(
        std::shared_ptr<const TokenKey> key,
        std::shared_ptr<PoolState> state,
        std::chrono::milliseconds sign_timeout
    )
        : key_(std::move(key)), state_(std::move(state)), sign_timeout_(sign_timeout) {}

    [[nodiscard]] const std::string& alias() const override { return key_->alias; }
    [[nodiscard]] KeyType type() const override { return key_->plan.type; }
    [[nodiscard]] EVP_PKEY* public_key() const override { return key_->public_key.get(); }
    [[nodiscard]] SignCapabilities capabilities() const override {
        return key_->plan.capabilities();
    }
    [[nodiscard]] std::chrono::milliseconds sign_timeout() const override { return sign_timeout_; }

    [[nodiscard]] Result<void> submit(std::shared_ptr<SignJob> job) override {
        return state_->submit({std::move(job), key_});
    }

    [[nodiscard]] bool available() const override {
        return state_->state() == HsmStatus::State::up && !state_->queue.full();
    }

  private:
    const std::shared_ptr<const TokenKey> key_;
    const std::shared_ptr<PoolState> state_;
    const std::chrono::milliseconds sign_timeout_;
};

bool issued(const X509Ptr& issuer, const X509Ptr& subject) {
    return X509_check_issued(issuer.get(), subject.get()) == X509_V_OK;
}

/// Leaf first, then each one's issuer; what does not link up follows at the end.
Chain in_order(std::vector<X509Ptr> all) {
    const auto leaf = std::find_if(all.begin(), all.end(), [&all](const X509Ptr& candidate) {
        return std::none_of(all.begin(), all.end(), [&candidate](const X509Ptr& other) {
            return other != candidate && issued(candidate, other);
        });
    });
    if (leaf != all.end()) {
        std::iter_swap(all.begin(), leaf);
    }
    for (auto place = all.begin() + 1; place < all.end(); ++place) {
        const auto issuer = std::find_if(place, all.end(), [place](const X509Ptr& candidate) {
            return issued(candidate, *(place - 1));
        });
        if (issuer != all.end()) {
            std::iter_swap(place, issuer);
        }
    }
    return Chain{std::move(all)};
}

class TokenHsm final : public Hsm {
  public:
    TokenHsm(std::shared_ptr<Supervisor> supervisor, std::chrono::milliseconds sign_timeout)
        : supervisor_(std::move(supervisor)), sign_timeout_(sign_timeout) {}
    ~TokenHsm() override { supervisor_->stop(); }
    TokenHsm(const TokenHsm&) = delete;
    TokenHsm& operator=(const TokenHsm&) = delete;

    [[nodiscard]] Loaded<std::shared_ptr<RemoteKey>> find_key(
        const std::string& alias, EVP_PKEY* expected
    ) override {
        const auto [connection, generation] = supervisor_->connected();
        if (!connection) {
            return away("alias '" + alias + "'");
        }
        auto found = find_token_key(*connection, alias, expected);
        if (!found) {
            if (found.error().code == Errc::token_unavailable) {
                supervisor_->state()->lost(generation, found.error().code);
            }
            return found.error();
        }
        supervisor_->remember(*found);
        return std::shared_ptr<RemoteKey>(
            std::make_shared<PooledKey>(std::move(*found), supervisor_->state(), sign_timeout_)
        );
    }

    [[nodiscard]] Loaded<Chain> find_certificate(const std::string& alias) override {
        const std::string what = "certificate of alias '" + alias + "'";
        const auto [connection, generation] = supervisor_->connected();
        if (!connection) {
            return away(what);
        }
        auto control = connection->control();
        auto found = control ? find_certificates(control->session, alias)
                             : Result<std::vector<X509Ptr>>(control.error());
        if (!found) {
            supervisor_->state()->lost(generation, found.error());
            return Failure{Errc::token_unavailable, what + ": " + found.error().message()};
        }
        if (found->empty()) {
            return Failure{
                Errc::key_not_found,
                what + ": none in token '" + connection->token().label + "' (CKA_LABEL)"};
        }
        return in_order(std::move(*found));
    }

    [[nodiscard]] HsmStatus status() const override { return supervisor_->state()->status(); }

    void stop() override { supervisor_->stop(); }

  private:
    [[nodiscard]] Failure away(const std::string& what) const {
        const bool stopped = status().state == HsmStatus::State::stopped;
        return Failure{
            stopped ? Errc::stopped : Errc::token_unavailable,
            what + ": " + (stopped ? "the HSM was closed" : "the HSM is away, being looked for")};
    }

    const std::shared_ptr<Supervisor> supervisor_;
    const std::chrono::milliseconds sign_timeout_;
};

}  // namespace

Loaded<std::shared_ptr<Hsm>> Hsm::open(const config::Hsm& settings, Secret pin) {
    auto supervisor = Supervisor::start(settings, std::move(pin));
    if (!supervisor) {
        return supervisor.error();
    }
    return std::shared_ptr<Hsm>(
        std::make_shared<TokenHsm>(std::move(*supervisor), settings.sign_timeout)
    );
}

Loaded<bool> needs_pin(const config::Hsm& settings) {
    const auto module = Module::load(settings.module);
    if (!module) {
        return module.error();
    }
    const auto token = find_token(**module, settings.token);
    if (!token) {
        return token.error();
    }
    return token->login_required() && !token->has_pin_pad();
}

}  // namespace hsmfront::certs
