#include "certs/token_hsm.hpp"

#include "certs/renewal.hpp"
#include "certs/token_objects.hpp"
#include "proxy/log/component.hpp"

#include <openssl/x509v3.h>

#include <algorithm>

namespace hsmfront::certs {
namespace {

class RoutedKey final : public RemoteKey {
  public:
    RoutedKey(
        std::shared_ptr<KeyRoute> route,
        std::chrono::milliseconds sign_timeout,
        std::shared_ptr<int> use
    )
        : route_(std::move(route)), sign_timeout_(sign_timeout), use_(std::move(use)) {}

    [[nodiscard]] const std::string& alias() const override { return route_->alias(); }
    [[nodiscard]] KeyType type() const override { return route_->type(); }
    [[nodiscard]] EVP_PKEY* public_key() const override { return route_->public_key(); }
    [[nodiscard]] SignCapabilities capabilities() const override { return route_->capabilities(); }
    [[nodiscard]] std::chrono::milliseconds sign_timeout() const override { return sign_timeout_; }
    [[nodiscard]] Result<void> submit(std::shared_ptr<SignJob> job) override {
        return route_->submit(std::move(job));
    }
    [[nodiscard]] bool available() const override { return route_->available(); }

  private:
    const std::shared_ptr<KeyRoute> route_;
    const std::chrono::milliseconds sign_timeout_;
    const std::shared_ptr<int> use_;
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

/// `settings` of each token alone, in order of preference.
std::vector<config::Hsm> each_alone(const config::Hsm& settings) {
    config::Hsm one = settings;
    one.failover.clear();
    std::vector<config::Hsm> all{one};
    for (const auto& other : settings.failover) {
        one.token = other.token;
        one.module = other.module.empty() ? settings.module : other.module;
        all.push_back(one);
    }
    return all;
}

void introduce_neighbours(const std::vector<std::shared_ptr<Supervisor>>& tokens) {
    for (const auto& token : tokens) {
        std::vector<std::weak_ptr<PoolState>> neighbours;
        for (const auto& other : tokens) {
            if (other != token && other->settings().module == token->settings().module) {
                neighbours.push_back(other->state());
            }
        }
        token->set_neighbours(std::move(neighbours));
    }
}

void say_opened(const Supervisor& token, const std::optional<Loaded<void>>& outcome) {
    const std::string label = token.state()->label();
    if (!outcome) {
        log::hsm.warn("HSM token '{}' does not answer yet", label);
    } else if (!*outcome) {
        log::hsm.warn("HSM token '{}' is not usable now: {}", label, outcome->error().message);
    } else if (const auto connection = token.connected().connection) {
        log::hsm.info(
            "HSM token '{}' in use: slot {}, module {}, {} signers",
            label,
            connection->token().slot,
            token.settings().module.string(),
            connection->token().signers_out_of(token.settings().signers)
        );
    }
}

/// What became of the first attempts to connect. Any thread.
class FirstAttempts {
  public:
    explicit FirstAttempts(std::size_t tokens) : outcomes_(tokens) {}

    void note(std::size_t place, const Loaded<void>& outcome) {
        const std::lock_guard lock(mutex_);
        outcomes_.at(place) = outcome;
        changed_.notify_all();
    }

    /// Waits for one token to be usable and then, for `patience`, for the others; or for all to
    /// have failed. What is not known by then counts as neither.
    [[nodiscard]] std::vector<std::optional<Loaded<void>>> wait(std::chrono::milliseconds patience
    ) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return one_usable() || all_known(); });
        changed_.wait_until(lock, Supervisor::Clock::now() + patience, [this] {
            return all_known();
        });
        return outcomes_;
    }

  private:
    [[nodiscard]] bool one_usable() const {
        return std::any_of(outcomes_.begin(), outcomes_.end(), [](const auto& outcome) {
            return outcome && *outcome;
        });
    }
    [[nodiscard]] bool all_known() const {
        return std::all_of(outcomes_.begin(), outcomes_.end(), [](const auto& outcome) {
            return outcome.has_value();
        });
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::optional<Loaded<void>>> outcomes_;
};

/// The failure that is worth more to whoever may try again: the first that may pass, else the
/// first.
Failure worth_telling(const std::vector<std::optional<Loaded<void>>>& outcomes) {
    const auto passing = std::find_if(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return (*outcome).error().code == Errc::token_unavailable;
    });
    return (passing != outcomes.end() ? **passing : *outcomes.front()).error();
}

}  // namespace

Loaded<std::shared_ptr<TokenHsm>> TokenHsm::open(
    const config::Hsm& settings, Pins pins, std::chrono::milliseconds canary
) {
    const auto alone = each_alone(settings);
    pins.resize(alone.size());
    Tokens tokens;
    for (std::size_t place = 0; place < alone.size(); ++place) {
        tokens.push_back(std::make_shared<Supervisor>(
            Supervisor::Setup{alone[place], place, canary}, std::move(pins[place])
        ));
    }
    introduce_neighbours(tokens);
    const auto attempts = std::make_shared<FirstAttempts>(tokens.size());
    for (const auto& token : tokens) {
        Supervisor::launch(token, [attempts](const Supervisor& opened, const Loaded<void>& done) {
            attempts->note(opened.place(), done);
        });
    }
    const std::shared_ptr<TokenHsm> hsm(new TokenHsm(tokens, settings.sign_timeout));
    const auto outcomes = attempts->wait(settings.sign_timeout);
    const bool usable = std::any_of(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
        return !outcome || *outcome;  // one not known yet: there is another that is usable
    });
    if (!usable) {
        return worth_telling(outcomes);
    }
    for (const auto& token : tokens) {
        say_opened(*token, outcomes[token->place()]);
    }
    return hsm;
}

TokenHsm::~TokenHsm() { TokenHsm::stop(); }

Loaded<std::shared_ptr<RemoteKey>> TokenHsm::find_key(
    const std::string& alias, EVP_PKEY* expected
) {
    const std::lock_guard lock(one_at_a_time_);
    auto route = find_route(alias, expected);
    if (!route) {
        return route.error();
    }
    // Before it is looked for elsewhere: a token that comes back from now on looks for it itself.
    for (const auto& token : tokens_) {
        token->remember(*route);
    }
    look_elsewhere(**route);
    return std::shared_ptr<RemoteKey>(
        std::make_shared<RoutedKey>(std::move(*route), sign_timeout_, users_)
    );
}

Loaded<std::shared_ptr<KeyRoute>> TokenHsm::find_route(
    const std::string& alias, EVP_PKEY* expected
) {
    std::optional<Failure> failed;
    for (const auto& token : tokens_) {
        const auto [connection, generation] = token->connected();
        if (!connection) {
            continue;
        }
        auto found = find_token_key(*connection, alias, expected);
        if (found) {
            token->state()->counters.last_signature = Supervisor::Clock::now();
            std::vector<std::shared_ptr<PoolState>> states;
            for (const auto& each : tokens_) {
                states.push_back(each->state());
            }
            return std::make_shared<KeyRoute>(std::move(states), token->place(), std::move(*found));
        }
        if (found.error().code == Errc::token_unavailable) {
            token->state()->lost(generation, found.error().code);
        }
        if (!failed || failed->code == Errc::token_unavailable) {
            failed = found.error();
        }
    }
    return failed ? *failed : away("alias '" + alias + "'");
}

void TokenHsm::look_elsewhere(KeyRoute& route) {
    for (const auto& token : tokens_) {
        const auto [connection, generation] = token->connected();
        if (!connection || route.key_at(token->place())) {
            continue;
        }
        const auto looked = look_for_key(*connection, route, {token->place()});
        if (!looked) {
            token->state()->lost(generation, looked.error().code);
        }
    }
}

Loaded<Chain> TokenHsm::find_certificate(const std::string& alias) {
    const std::lock_guard lock(one_at_a_time_);
    std::optional<Failure> failed;
    for (const auto& token : tokens_) {
        auto chain = certificate_in(*token, alias);
        if (chain) {
            return chain;
        }
        if (!failed || failed->code == Errc::token_unavailable) {
            failed = chain.error();
        }
    }
    return *failed;
}

Loaded<Chain> TokenHsm::certificate_in(Supervisor& token, const std::string& alias) {
    const std::string what = "certificate of alias '" + alias + "'";
    const auto [connection, generation] = token.connected();
    if (!connection) {
        return away(what);
    }
    auto control = connection->control();
    auto found = control ? find_certificates(control->session, alias)
                         : Result<std::vector<X509Ptr>>(control.error());
    if (!found) {
        token.state()->lost(generation, found.error());
        return Failure{Errc::token_unavailable, what + ": " + found.error().message()};
    }
    if (found->empty()) {
        return Failure{
            Errc::key_not_found,
            what + ": none in token '" + connection->token().label + "' (CKA_LABEL)"};
    }
    return in_order(std::move(*found));
}

Loaded<void> TokenHsm::renew(Pins pins) {
    const std::lock_guard lock(one_at_a_time_);
    return renew_tokens(tokens_, std::move(pins));
}

HsmStatus TokenHsm::status() const {
    HsmStatus status;
    for (const auto& token : tokens_) {
        status.tokens.push_back(token->state()->status());
        auto keys = token->state()->key_status();
        status.keys.insert(
            status.keys.end(),
            std::make_move_iterator(keys.begin()),
            std::make_move_iterator(keys.end())
        );
    }
    return status;
}

void TokenHsm::stop() {
    for (const auto& token : tokens_) {
        token->state()->stop();  // all at once, so that no job goes from one to the next
    }
    for (const auto& token : tokens_) {
        token->stop();
    }
}

Failure TokenHsm::away(const std::string& what) const {
    const bool stopped = tokens_.front()->state()->state() == PoolState::State::stopped;
    return Failure{
        stopped ? Errc::stopped : Errc::token_unavailable,
        what + ": " + (stopped ? "the HSM was closed" : "the HSM is away, being looked for")};
}

}  // namespace hsmfront::certs
