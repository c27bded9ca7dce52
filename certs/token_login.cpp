#include "certs/token_login.hpp"

#include "certs/ckr.hpp"
#include "certs/errc.hpp"

#include <algorithm>

namespace hsmfront::certs {
namespace {

/// The token said that this PIN is wrong, and not just that no PIN works at present (locked,
/// expired): after the security officer's help the same PIN may be right.
bool wrong_pin(const error_code& error) {
    return is_ckr(error, CKR_PIN_INCORRECT) || is_ckr(error, CKR_PIN_INVALID) ||
           is_ckr(error, CKR_PIN_LEN_RANGE);
}

Errc errc_of(const error_code& error) {
    if (error == Errc::pin_missing) {
        return Errc::pin_missing;
    }
    if (is_ckr(error, CKR_PIN_LOCKED)) {
        return Errc::pin_locked;
    }
    if (error == Errc::pin_incorrect || wrong_pin(error)) {
        return Errc::pin_incorrect;
    }
    return ckr_class(error) == CkrClass::generation ? Errc::token_unavailable : Errc::login_failed;
}

}  // namespace

void RefusedPins::add(const Secret& pin) {
    const std::lock_guard lock(mutex_);
    pins_.push_back(pin.copy());
}

bool RefusedPins::contains(const Secret& pin) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(pins_.begin(), pins_.end(), [&pin](const Secret& refused) {
        return refused == pin;
    });
}

error_code TokenLogin::user(const Session& session, const Token& token) {
    if (!token.login_required()) {
        return {};
    }
    const error_code error = send(session, token, CKU_USER);
    return is_ckr(error, CKR_USER_ALREADY_LOGGED_IN) ? error_code() : error;
}

error_code TokenLogin::context(const Session& session, const Token& token) {
    return send(session, token, CKU_CONTEXT_SPECIFIC);
}

error_code TokenLogin::send(const Session& session, const Token& token, CK_USER_TYPE user) {
    // Held across the call: two threads must not send the same wrong PIN twice.
    const std::lock_guard lock(one_at_a_time_);
    if (refused()) {
        return Errc::pin_incorrect;
    }
    if (pin_.empty() && !token.has_pin_pad()) {
        return Errc::pin_missing;
    }
    const auto pin = token.has_pin_pad() ? std::span<const unsigned char>() : pin_.bytes();
    const error_code error = session.login(user, pin);
    if (ckr_class(error) == CkrClass::pin) {
        refused_ = true;
    }
    if (wrong_pin(error) && !pin.empty()) {
        refused_pins_->add(pin_);
    }
    return error;
}

Failure login_failure(const Module& module, const Token& token, const error_code& error) {
    const Errc code = errc_of(error);
    std::string text = "token '" + token.label + "': ";
    if (code == Errc::pin_missing) {
        return Failure{
            code,
            text +
                "it wants a PIN; configure hsm.pin, type it at the terminal or give it with "
                "'hsmfront pin'"};
    }
    const bool refused = ckr_class(error) == CkrClass::pin || code == Errc::pin_incorrect;
    if (!refused) {
        return Failure{code, text + "login failed: " + error.message()};
    }
    const bool sent = error != Errc::pin_incorrect;
    text += sent ? "the PIN was refused: " + error.message() : "this PIN was refused before";
    const std::string state = pin_state(module, token);
    text += (state.empty() ? "" : "; " + state) + "; it is not sent again: ";
    return Failure{
        code, text + "give the right one with 'hsmfront pin', or correct hsm.pin and reload"};
}

}  // namespace hsmfront::certs
