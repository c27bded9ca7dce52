#include "certs/token_connection.hpp"

#include "certs/ckr.hpp"
#include "certs/errc.hpp"

namespace hsmfront::certs {
namespace {

bool logged_in(const CK_SESSION_INFO& info) {
    return info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS;
}

}  // namespace

TokenConnection::TokenConnection(
    std::shared_ptr<Module> module, Token token, std::shared_ptr<TokenLogin> login, Session control
)
    : module_(std::move(module)),
      token_(std::move(token)),
      login_(std::move(login)),
      control_(std::move(control)) {}

Loaded<std::shared_ptr<TokenConnection>> TokenConnection::open(
    const config::Hsm& settings, std::shared_ptr<TokenLogin> login
) {
    auto module = Module::load(settings.module);
    if (!module) {
        return module.error();
    }
    auto token = find_token(**module, settings.token);
    if (!token) {
        return token.error();
    }
    auto control = Session::open(*module, token->slot);
    if (!control) {
        return Failure{
            Errc::token_unavailable,
            "token '" + token->label + "': C_OpenSession: " + control.error().message()};
    }
    if (const error_code error = login->user(*control, *token)) {
        return login_failure(**module, *token, error);
    }
    return std::shared_ptr<TokenConnection>(new TokenConnection(
        std::move(*module), std::move(*token), std::move(login), std::move(*control)
    ));
}

Result<Session> TokenConnection::open_session() const {
    return Session::open(module_, token_.slot);
}

Result<TokenConnection::Control> TokenConnection::control() {
    std::unique_lock lock(mutex_);
    if (const error_code error = refresh()) {
        return error;
    }
    return Control{std::move(lock), control_};
}

Result<void> TokenConnection::login_again(std::size_t seen) {
    const std::lock_guard lock(mutex_);
    if (login_count_ != seen) {
        return {};
    }
    if (const error_code error = refresh()) {
        return error;
    }
    ++login_count_;
    return {};
}

error_code TokenConnection::refresh() {
    auto info = control_.info();
    if (!info) {
        if (ckr_class(info.error()) != CkrClass::session) {
            return info.error();
        }
        auto session = open_session();
        if (!session) {
            return session.error();
        }
        control_ = std::move(*session);
    } else if (logged_in(*info)) {
        return {};
    }
    return login_->user(control_, token_);
}

}  // namespace hsmfront::certs
