// AdminToken: a token as the key and certificate commands use it: found, logged in, read-write.
#pragma once

#include "certs/secret.hpp"
#include "certs/token_connection.hpp"
#include "certs/token_key.hpp"
#include "certs/token_objects.hpp"
#include "config/settings.hpp"

#include <memory>
#include <string>

namespace hsmfront::certs {

enum class PinRisk {
    avoid,   ///< no login while one more wrong PIN would lock the token
    accept,  ///< log in all the same
};

/// One thread at a time; every call blocks as long as the token does. Nothing of libp11 may be open
/// in the process meanwhile (TokenDirectory).
class AdminToken {
  public:
    /// Loads the module, finds the token, looks at the state of its PIN and sends `pin` once.
    /// Errc: those of TokenConnection::open; pin_locked also before anything is sent.
    [[nodiscard]] static Loaded<AdminToken> open(
        const config::Hsm& settings, Secret pin, PinRisk risk = PinRisk::avoid
    );

    [[nodiscard]] const Token& token() const { return connection_->token(); }
    [[nodiscard]] const Module& module() const { return *connection_->module(); }

    /// Read-only, logged in.
    [[nodiscard]] const Session& session() const { return session_; }

    /// A further session, logged in, that may change the token. Errors: the token's value,
    /// CKR_TOKEN_WRITE_PROTECTED among them.
    [[nodiscard]] Result<Session> open_read_write() const;

    /// The private key of `alias`, proven by test signatures; see Hsm::find_key.
    [[nodiscard]] Loaded<std::shared_ptr<const TokenKey>> find_key(
        const std::string& alias, EVP_PKEY* expected = nullptr
    ) const {
        return find_token_key(*connection_, alias, expected);
    }

    /// One signature with `key`. Errors: see sign_on_token.
    [[nodiscard]] Result<Signature> sign(const TokenKey& key, const SignRequest& request) const;

  private:
    AdminToken(std::shared_ptr<TokenConnection> connection, Session session)
        : connection_(std::move(connection)), session_(std::move(session)) {}

    std::shared_ptr<TokenConnection> connection_;
    Session session_;
};

/// Why no PIN should be sent to `token` now, with what to do; empty if nothing speaks against it.
[[nodiscard]] std::string pin_danger(const Token& token);

}  // namespace hsmfront::certs
