// TokenConnection: a module, a token in it, and the login: one generation of being connected.
#pragma once

#include "certs/token_login.hpp"
#include "config/settings.hpp"

#include <atomic>
#include <memory>
#include <mutex>

namespace hsmfront::certs {

/// Keeps one idle logged-in session, the control session, so that the login outlives the signers'
/// sessions (the last one closed logs the process out). Shared by signers; any thread; blocks.
class TokenConnection {
  public:
    /// The control session, lent to one thread at a time.
    struct Control {
        std::unique_lock<std::mutex> lock;
        Session& session;
    };

    /// Loads the module, finds the token, opens the control session, logs in.
    /// Errc: those of Module::load, find_token and login_failure.
    [[nodiscard]] static Loaded<std::shared_ptr<TokenConnection>> open(
        const config::Hsm& settings, std::shared_ptr<TokenLogin> login
    );

    [[nodiscard]] const Token& token() const noexcept { return token_; }
    [[nodiscard]] const std::shared_ptr<Module>& module() const noexcept { return module_; }
    [[nodiscard]] TokenLogin& login() const noexcept { return *login_; }

    [[nodiscard]] Result<Session> open_session() const;

    /// The control session, opened and logged in anew if the token dropped it.
    [[nodiscard]] Result<Control> control();

    /// Counts logins. A signer whose object handles went stale remembers the count it worked under.
    [[nodiscard]] std::size_t login_count() const noexcept { return login_count_.load(); }

    /// Logs in again unless someone has since `seen`: once for all signers.
    [[nodiscard]] Result<void> login_again(std::size_t seen);

  private:
    TokenConnection(
        std::shared_ptr<Module> module,
        Token token,
        std::shared_ptr<TokenLogin> login,
        Session control
    );
    /// With the mutex held. Opens the control session anew if it is dead, logs in if need be.
    [[nodiscard]] error_code refresh();

    const std::shared_ptr<Module> module_;
    const Token token_;
    const std::shared_ptr<TokenLogin> login_;
    std::mutex mutex_;
    Session control_;
    std::atomic<std::size_t> login_count_ = 1;
};

}  // namespace hsmfront::certs
