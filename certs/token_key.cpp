#include "certs/token_key.hpp"

#include "certs/ckr.hpp"
#include "certs/digest_info.hpp"
#include "certs/errc.hpp"
#include "certs/token_objects.hpp"
#include "certs/verify.hpp"

#include <openssl/core_names.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string_view>

namespace hsmfront::certs {
namespace {

std::uint64_t next_key_id() {
    static std::atomic<std::uint64_t> last = 0;
    return ++last;
}

SignRequest request_with(KeyType type, Padding padding) {
    constexpr std::string_view text = "hsmfront test signature, 32 byte";
    static_assert(text.size() == 32, "stands for a SHA-256 digest");
    return {
        type == KeyType::rsa ? padding : Padding::none,
        type == KeyType::ed25519 ? Digest::none : Digest::sha256,
        {text.begin(), text.end()}};
}

/// One alias being looked up: the pieces its steps share.
struct Search {
    TokenConnection& connection;
    const Session& session;
    CK_OBJECT_HANDLE handle = 0;
    TokenKey key;

    [[nodiscard]] Failure failed(const error_code& error, const std::string& what) const {
        const bool gone =
            ckr_class(error) == CkrClass::generation || ckr_class(error) == CkrClass::session;
        const bool ours = error.category() == error_category();
        const error_code code = ours   ? error
                                : gone ? error_code(Errc::token_unavailable)
                                       : error_code(Errc::signature_failed);
        return Failure{
            code,
            "alias '" + key.alias + "' in token '" + connection.token().label + "': " + what +
                (ours ? "" : ": " + error.message())};
    }

    [[nodiscard]] error_code test(Padding padding) const {
        const SignRequest request = request_with(key.plan.type, padding);
        const auto signature = sign_on_token(connection, session, handle, key.plan, request);
        if (!signature) {
            return signature.error();
        }
        const bool good = verify_signature(key.public_key.get(), request, *signature);
        return good ? error_code() : error_code(Errc::key_mismatch);
    }
};

Loaded<void> find_handle(Search& search) {
    auto handle = find_private_key(search.session, search.key.alias);
    if (!handle) {
        const error_code error = handle.error();
        return search.failed(
            error,
            error == Errc::key_not_found ? "no private key of that label (CKA_LABEL); 'hsmfront "
                                           "key list' shows what there is"
            : error == Errc::key_ambiguous
                ? "more than one private key of that label (CKA_LABEL); rename or delete one"
                : "searching it"
        );
    }
    search.handle = *handle;
    auto type = key_type(search.session, search.handle);
    if (!type) {
        return search.failed(type.error(), "neither an RSA, EC nor Ed25519 key");
    }
    search.key.plan.type = *type;
    return {};
}

/// The token's word for the public half wins; `expected` fills in where the token has none.
Loaded<void> find_public(Search& search, EVP_PKEY* expected) {
    TokenKey& key = search.key;
    auto found = find_public_half(search.session, search.handle, key.alias, key.plan.type);
    if (!found) {
        return search.failed(found.error(), "reading its public half");
    }
    key.public_key = std::move(*found);
    if (!key.public_key && expected != nullptr) {
        EVP_PKEY_up_ref(expected);
        key.public_key.reset(expected);
    }
    if (!key.public_key) {
        return search.failed(
            Errc::key_unsupported,
            "the token holds neither a public key nor a certificate for it; provide the "
            "certificate as a file"
        );
    }
    if (expected != nullptr && EVP_PKEY_eq(key.public_key.get(), expected) != 1) {
        return search.failed(
            Errc::key_mismatch,
            "the certificate was issued for another key; request one for this key, or correct "
            "the alias"
        );
    }
    return {};
}

/// The curves that TLS signature schemes exist for (RFC 8446 §4.2.3).
bool usable_curve(EVP_PKEY* key) {
    constexpr std::array<std::string_view, 3> curves{"prime256v1", "secp384r1", "secp521r1"};
    std::array<char, 64> name{};
    std::size_t size = 0;
    return EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1 &&
           std::find(curves.begin(), curves.end(), std::string_view(name.data(), size)) !=
               curves.end();
}

/// Whether public half and private key are of one kind and of a kind that TLS can use.
Loaded<void> check_kind(Search& search) {
    EVP_PKEY* key = search.key.public_key.get();
    SignPlan& plan = search.key.plan;
    constexpr std::array<const char*, 3> names{"RSA", "EC", "ED25519"};
    if (EVP_PKEY_is_a(key, names.at(static_cast<std::size_t>(plan.type))) != 1) {
        return search.failed(
            Errc::key_mismatch, "the certificate's key is of another type than the token's"
        );
    }
    if (plan.type == KeyType::ec && !usable_curve(key)) {
        return search.failed(
            Errc::key_unsupported, "its curve is none that TLS uses (P-256, P-384, P-521)"
        );
    }
    plan.bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key));
    const auto always = search.session.attribute(search.handle, CKA_ALWAYS_AUTHENTICATE);
    plan.always_authenticate = always && always->size() == 1 && always->front() == CK_TRUE;
    return {};
}

/// Tries RSA-PSS as the token does it, then as we pad it, then PKCS#1: a listed mechanism may still
/// be refused for this key (FIPS modes), and an unlisted bare RSA operation may exist.
Loaded<void> prove_rsa(Search& search) {
    const auto mechanisms =
        usable_mechanisms(search.session, search.connection.token().slot, search.handle);
    if (!mechanisms) {
        return search.failed(mechanisms.error(), "reading the token's mechanisms");
    }
    SignPlan& plan = search.key.plan;
    error_code last = ckr_error(CKR_MECHANISM_INVALID);
    for (const auto& [way, mechanism] :
         {std::pair{PssWay::native, CKM_RSA_PKCS_PSS}, std::pair{PssWay::padded, CKM_RSA_X_509}}) {
        plan.pss = mechanisms->contains(mechanism) ? way : PssWay::none;
        if (plan.pss == PssWay::none) {
            continue;
        }
        last = search.test(Padding::pss);
        if (!last) {
            break;
        }
        if (ckr_class(last) != CkrClass::request) {
            return search.failed(last, "test signature (RSA-PSS)");
        }
        plan.pss = PssWay::none;
    }
    plan.pkcs1 = mechanisms->contains(CKM_RSA_PKCS);
    if (plan.pkcs1) {
        const error_code error = search.test(Padding::pkcs1);
        plan.pkcs1 = !error;
        last = error ? error : last;
    }
    if (plan.pss == PssWay::none && !plan.pkcs1 && last == Errc::key_mismatch) {
        return search.failed(last, "its test signature does not fit its public half");
    }
    if (plan.pss == PssWay::none && !plan.pkcs1) {
        return search.failed(last, "test signatures failed, neither RSA-PSS nor PKCS#1 works");
    }
    return {};
}

Loaded<void> prove(Search& search) {
    if (search.key.plan.type == KeyType::rsa) {
        return prove_rsa(search);
    }
    const error_code error = search.test(Padding::none);
    if (error == Errc::key_mismatch) {
        return search.failed(error, "its test signature does not fit its public half");
    }
    if (error) {
        return search.failed(error, "test signature");
    }
    return {};
}

}  // namespace

Loaded<std::shared_ptr<const TokenKey>> find_token_key(
    TokenConnection& connection, const std::string& alias, EVP_PKEY* expected
) {
    auto control = connection.control();
    if (!control) {
        return Failure{
            Errc::token_unavailable,
            "alias '" + alias + "' in token '" + connection.token().label +
                "': " + control.error().message()};
    }
    Search search{connection, control->session, 0, {next_key_id(), alias, nullptr, {}}};
    if (auto done = find_handle(search); !done) {
        return done.error();
    }
    if (auto done = find_public(search, expected); !done) {
        return done.error();
    }
    if (auto done = check_kind(search); !done) {
        return done.error();
    }
    if (auto done = prove(search); !done) {
        return done.error();
    }
    return std::make_shared<const TokenKey>(std::move(search.key));
}

SignRequest test_request(const SignPlan& plan) {
    return request_with(plan.type, plan.pss != PssWay::none ? Padding::pss : Padding::pkcs1);
}

Result<void> prove_token_key(TokenConnection& connection, const TokenKey& key) {
    auto control = connection.control();
    if (!control) {
        return control.error();
    }
    const auto handle = find_private_key(control->session, key.alias);
    if (!handle) {
        return handle.error();
    }
    const SignRequest request = test_request(key.plan);
    const auto signature = sign_on_token(connection, control->session, *handle, key.plan, request);
    if (!signature) {
        return signature.error();
    }
    if (!verify_signature(key.public_key.get(), request, *signature)) {
        return Errc::key_mismatch;
    }
    return {};
}

}  // namespace hsmfront::certs
