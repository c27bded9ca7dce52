#include "certs/admin_token.hpp"

#include "certs/errc.hpp"

namespace hsmfront::certs {

std::string pin_danger(const Token& token) {
    if (!token.login_required()) {
        return {};
    }
    if ((token.flags & CKF_USER_PIN_LOCKED) != 0) {
        return "the PIN is locked (CKF_USER_PIN_LOCKED); the security officer must reset it";
    }
    if ((token.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
        return "one more wrong PIN locks the token (CKF_USER_PIN_FINAL_TRY), so none was sent; be "
               "sure of the PIN, then log in once by 'hsmfront doctor --force'";
    }
    return {};
}

Loaded<AdminToken> AdminToken::open(const config::Hsm& settings, Secret pin, PinRisk risk) {
    const auto module = Module::load(settings.module);
    if (!module) {
        return module.error();
    }
    const auto token = find_token(**module, settings.token);
    if (!token) {
        return token.error();
    }
    if (const auto danger = pin_danger(*token); !danger.empty() && risk == PinRisk::avoid) {
        return Failure{Errc::pin_locked, "token '" + token->label + "': " + danger};
    }
    auto connection = TokenConnection::open(settings, std::make_shared<TokenLogin>(std::move(pin)));
    if (!connection) {
        return connection.error();
    }
    auto session = (*connection)->open_session();
    if (!session) {
        return Failure{
            Errc::token_unavailable,
            "token '" + token->label + "': C_OpenSession: " + session.error().message()};
    }
    return AdminToken(std::move(*connection), std::move(*session));
}

Result<Session> AdminToken::open_read_write() const {
    return Session::open(connection_->module(), token().slot, true);
}

Result<Signature> AdminToken::sign(const TokenKey& key, const SignRequest& request) const {
    const auto handle = find_private_key(session_, key.alias);
    if (!handle) {
        return handle.error();
    }
    return sign_on_token(*connection_, session_, *handle, key.plan, request);
}

}  // namespace hsmfront::certs
