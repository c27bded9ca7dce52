// TokenHsm: the Hsm there is: a Supervisor for each token.
#pragma once

#include "certs/hsm.hpp"
#include "certs/supervisor.hpp"

namespace hsmfront::certs {

class TokenHsm final : public Hsm {
  public:
    /// `canary`: how long without a signature until one is made for a test.
    [[nodiscard]] static Loaded<std::shared_ptr<TokenHsm>> open(
        const config::Hsm& settings,
        Pins pins,
        std::chrono::milliseconds canary = std::chrono::seconds(10)
    );
    ~TokenHsm() override;
    TokenHsm(const TokenHsm&) = delete;
    TokenHsm& operator=(const TokenHsm&) = delete;

    [[nodiscard]] Loaded<std::shared_ptr<RemoteKey>> find_key(
        const std::string& alias, EVP_PKEY* expected
    ) override;
    [[nodiscard]] Loaded<Chain> find_certificate(const std::string& alias) override;
    [[nodiscard]] Loaded<void> renew(Pins pins) override;
    [[nodiscard]] bool in_use() const override { return users_.use_count() > 1; }
    [[nodiscard]] HsmStatus status() const override;
    void stop() override;

  private:
    using Tokens = std::vector<std::shared_ptr<Supervisor>>;

    TokenHsm(Tokens tokens, std::chrono::milliseconds sign_timeout)
        : tokens_(std::move(tokens)), sign_timeout_(sign_timeout) {}

    [[nodiscard]] Loaded<std::shared_ptr<KeyRoute>> find_route(
        const std::string& alias, EVP_PKEY* expected
    );
    void look_elsewhere(KeyRoute& route);
    [[nodiscard]] Loaded<Chain> certificate_in(Supervisor& token, const std::string& alias);
    [[nodiscard]] Failure away(const std::string& what) const;

    const Tokens tokens_;
    const std::chrono::milliseconds sign_timeout_;
    const std::shared_ptr<int> users_ = std::make_shared<int>();  ///< each RemoteKey has a copy
    std::mutex one_at_a_time_;  ///< whoever looks things up holds the module, which renew must not
};

}  // namespace hsmfront::certs
