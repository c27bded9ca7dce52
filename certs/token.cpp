#include "certs/token.hpp"

#include "certs/ckr.hpp"
#include "certs/errc.hpp"

#include <p11-kit/uri.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

namespace hsmfront::certs {
namespace {

using UriPtr = std::unique_ptr<P11KitUri, Deleter<p11_kit_uri_free>>;

struct Slot {
    CK_SLOT_ID id = 0;
    CK_TOKEN_INFO info{};
};

/// PKCS#11 text fields are padded with blanks and have no terminator.
std::string padded_text(std::span<const unsigned char> field) {
    std::string text(field.begin(), field.end());
    text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
    return text;
}

Failure unavailable(const Module& module, const std::string& why) {
    return Failure{Errc::token_unavailable, "hsm.module " + module.file().string() + ": " + why};
}

Result<std::vector<CK_SLOT_ID>> slots_with_token(const Module& module) {
    // The count may grow between the two calls, hence the second chance with room to spare.
    CK_ULONG count = 0;
    CK_RV result = module.call().C_GetSlotList(CK_TRUE, nullptr, &count);
    std::vector<CK_SLOT_ID> slots;
    if (result == CKR_OK && count > 0) {
        count += 16;
        slots.resize(count);
        result = module.call().C_GetSlotList(CK_TRUE, slots.data(), &count);
    }
    if (result != CKR_OK) {
        return ckr_error(result);
    }
    slots.resize(count);
    return slots;
}

/// Initialised tokens; one that cannot be asked is left out unless it is the only one.
Result<std::vector<Slot>> initialised_tokens(const Module& module) {
    auto ids = slots_with_token(module);
    if (!ids) {
        return ids.error();
    }
    std::vector<Slot> tokens;
    error_code failed;
    for (const CK_SLOT_ID id : *ids) {
        Slot slot{id, {}};
        const CK_RV result = module.call().C_GetTokenInfo(id, &slot.info);
        if (result != CKR_OK) {
            failed = ckr_error(result);
        } else if ((slot.info.flags & CKF_TOKEN_INITIALIZED) != 0) {
            tokens.push_back(slot);
        }
    }
    if (tokens.empty() && failed) {
        return failed;
    }
    return tokens;
}

Loaded<UriPtr> parse_uri(const std::string& text) {
    UriPtr uri(p11_kit_uri_new());
    const int result = p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_TOKEN, uri.get());
    if (result != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(uri.get()) != 0) {
        const std::string why = result != P11_KIT_URI_OK ? p11_kit_uri_message(result)
                                                         : "it has an attribute nobody knows";
        return Failure{
            Errc::token_not_found, "hsm.token '" + text + "' is no valid pkcs11: URI: " + why};
    }
    if (p11_kit_uri_get_pin_value(uri.get()) != nullptr ||
        p11_kit_uri_get_pin_source(uri.get()) != nullptr) {
        return Failure{
            Errc::token_not_found,
            "hsm.token: the PIN belongs in hsm.pin, not in the URI (pin-value, pin-source)"};
    }
    return uri;
}

std::string quoted_labels(const std::vector<Slot>& tokens) {
    std::string list;
    for (const Slot& slot : tokens) {
        list += list.empty() ? "'" : ", '";
        list += padded_text(slot.info.label) + "'";
    }
    return list;
}

}  // namespace

std::size_t Token::signers_out_of(std::size_t wanted) const {
    if (max_sessions == CK_EFFECTIVELY_INFINITE || max_sessions == CK_UNAVAILABLE_INFORMATION) {
        return wanted;
    }
    return std::max<std::size_t>(1, std::min<std::size_t>(wanted, max_sessions - 1));
}

Loaded<Token> find_token(const Module& module, const std::string& selector) {
    UriPtr uri;
    if (selector.starts_with("pkcs11:")) {
        auto parsed = parse_uri(selector);
        if (!parsed) {
            return parsed.error();
        }
        uri = std::move(*parsed);
    }
    auto tokens = initialised_tokens(module);
    if (!tokens) {
        return unavailable(module, tokens.error().message());
    }
    if (tokens->empty()) {
        return unavailable(module, "it shows no initialised token; is the HSM connected?");
    }
    std::vector<Slot> matches = *tokens;
    std::erase_if(matches, [&uri, &selector](Slot& slot) {
        return uri ? p11_kit_uri_match_token_info(uri.get(), &slot.info) == 0
                   : padded_text(slot.info.label) != selector;
    });
    if (matches.size() == 1) {
        const Slot& found = matches.front();
        return Token{
            found.id,
            padded_text(found.info.label),
            found.info.flags,
            found.info.ulMaxSessionCount};
    }
    if (matches.empty()) {
        return Failure{
            Errc::token_not_found,
            "hsm.token '" + selector + "' not found; the module has " + quoted_labels(*tokens)};
    }
    return Failure{
        Errc::token_not_found,
        "hsm.token '" + selector + "' names " + std::to_string(matches.size()) +
            " tokens; use a pkcs11: URI with the serial number"};
}

std::string pin_state(const Module& module, const Token& token) {
    CK_TOKEN_INFO info{};
    if (module.call().C_GetTokenInfo(token.slot, &info) != CKR_OK) {
        return {};
    }
    if ((info.flags & CKF_USER_PIN_LOCKED) != 0) {
        return "the PIN is locked (CKF_USER_PIN_LOCKED): the security officer must set a new one";
    }
    if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
        return "one more wrong PIN locks the token (CKF_USER_PIN_FINAL_TRY): make sure of it first";
    }
    if ((info.flags & CKF_USER_PIN_COUNT_LOW) != 0) {
        return "wrong PINs have been tried since the last login (CKF_USER_PIN_COUNT_LOW): some "
               "more "
               "lock the token";
    }
    return {};
}

}  // namespace hsmfront::certs
