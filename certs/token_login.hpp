// TokenLogin: the PIN and the rules of using it.
#pragma once

#include "certs/secret.hpp"
#include "certs/session.hpp"
#include "certs/token.hpp"

#include <atomic>
#include <mutex>

namespace hsmfront::certs {

/// Keeps the PIN for later logins. A PIN the token refused is never sent again. Any thread.
class TokenLogin {
  public:
    explicit TokenLogin(Secret pin) : pin_(std::move(pin)) {}

    /// Logs the process in at `token` through `session`. Nothing to do where the token wants no
    /// login; being logged in already is fine; a token with its own PIN pad asks there.
    /// Errors: Errc::pin_missing (none given, nothing was sent), Errc::pin_incorrect without asking
    /// the token when it refused before, else the token's value.
    [[nodiscard]] error_code user(const Session& session, const Token& token);

    /// The login that a key with CKA_ALWAYS_AUTHENTICATE wants between C_SignInit and C_Sign.
    [[nodiscard]] error_code context(const Session& session, const Token& token);

    [[nodiscard]] bool refused() const noexcept { return refused_.load(); }

  private:
    [[nodiscard]] error_code send(const Session& session, const Token& token, CK_USER_TYPE user);

    const Secret pin_;
    std::mutex one_at_a_time_;
    std::atomic<bool> refused_ = false;
};

/// What to tell the operator about a failed TokenLogin::user, with the Errc that stands for it:
/// pin_missing, pin_incorrect, pin_locked, token_unavailable, login_failed.
[[nodiscard]] Failure login_failure(
    const Module& module, const Token& token, const error_code& error
);

}  // namespace hsmfront::certs
