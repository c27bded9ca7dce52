// Token: where in a module the wanted token is, and what it demands.
#pragma once

#include "certs/module.hpp"

#include <string>

namespace hsmfront::certs {

struct Token {
    CK_SLOT_ID slot = 0;
    std::string label;
    CK_FLAGS flags = 0;
    /// ulMaxSessionCount; CK_EFFECTIVELY_INFINITE and CK_UNAVAILABLE_INFORMATION set no limit.
    CK_ULONG max_sessions = 0;

    [[nodiscard]] bool login_required() const { return (flags & CKF_LOGIN_REQUIRED) != 0; }
    [[nodiscard]] bool has_pin_pad() const {
        return (flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
    }
    /// Sessions for signers out of `wanted`, with one kept for the logged-in control session.
    [[nodiscard]] std::size_t signers_out_of(std::size_t wanted) const;
};

/// Finds the initialised token that `selector`, a label or an RFC 7512 pkcs11: URI, names.
/// Errc: token_not_found (no such token, more than one, malformed URI), token_unavailable (the
/// module shows no token at all, or fails).
[[nodiscard]] Loaded<Token> find_token(const Module& module, const std::string& selector);

/// Warnings of the token about its PIN ("only one try is left", …); empty when there are none.
[[nodiscard]] std::string pin_state(const Module& module, const Token& token);

}  // namespace hsmfront::certs
