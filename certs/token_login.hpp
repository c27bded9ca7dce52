// TokenLogin: the PIN and the rules of using it.
#pragma once

#include "certs/secret.hpp"
#include "certs/session.hpp"
#include "certs/token.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace hsmfront::certs {

/// PINs that one token refused. Any thread.
class RefusedPins {
  public:
    void add(const Secret& pin);
    [[nodiscard]] bool contains(const Secret& pin) const;

  private:
    mutable std::mutex mutex_;
    std::vector<Secret> pins_;
};

/// Keeps the PIN for later logins. A PIN the token refused is never sent again. Any thread.
class TokenLogin {
  public:
    explicit TokenLogin(
        Secret pin, std::shared_ptr<RefusedPins> refused_pins = std::make_shared<RefusedPins>()
    )
        : pin_(std::move(pin)), refused_pins_(std::move(refused_pins)) {}

    /// Logs the process in at `token` through `session`. Nothing to do where the token wants no
    /// login; being logged in already is fine; a token with its own PIN pad asks there.
    /// Errors: Errc::pin_missing (none given, nothing was sent), Errc::pin_incorrect without asking
    /// the token when it refused before, else the token's value.
    [[nodiscard]] error_code user(const Session& session, const Token& token);

    /// The login that a key with CKA_ALWAYS_AUTHENTICATE wants between C_SignInit and C_Sign.
    [[nodiscard]] error_code context(const Session& session, const Token& token);

    /// The token refused this login, or the PIN to an earlier one.
    [[nodiscard]] bool refused() const { return refused_ || refused_pins_->contains(pin_); }

  private:
    [[nodiscard]] error_code send(const Session& session, const Token& token, CK_USER_TYPE user);

    const Secret pin_;
    const std::shared_ptr<RefusedPins> refused_pins_;
    std::mutex one_at_a_time_;
    std::atomic<bool> refused_ = false;
};

/// What to tell the operator about a failed TokenLogin::user, with the Errc that stands for it:
/// pin_missing, pin_incorrect, pin_locked, token_unavailable, login_failed.
[[nodiscard]] Failure login_failure(
    const Module& module, const Token& token, const error_code& error
);

}  // namespace hsmfront::certs
