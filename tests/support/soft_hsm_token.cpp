#include "tests/support/soft_hsm_token.hpp"

#include "certs/ckr.hpp"
#include "certs/token.hpp"
#include "certs/token_objects.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace hsmfront::test {
namespace {

using certs::attribute_of;
using certs::Bytes;

constexpr std::string_view so_pin = "87654321";

void check_rv(CK_RV result, const char* what) {
    if (result != CKR_OK) {
        throw std::runtime_error(std::string(what) + ": " + certs::ckr_error(result).message());
    }
}

template <class R>
auto must(R result, const char* what) {
    if (!result) {
        if constexpr (requires {
                          result.error().message;
                          result.error().code;
                      }) {
            throw std::runtime_error(std::string(what) + ": " + result.error().message);
        } else {
            throw std::runtime_error(std::string(what) + ": " + result.error().message());
        }
    }
    return std::move(*result);
}

Bytes bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

unsigned char* pin_bytes(std::string_view pin) {
    return const_cast<unsigned char*>(bytes_of(pin).data());
}

/// CKA_EC_PARAMS: DER of the curve's OID.
std::vector<std::uint8_t> curve_of(TokenKeyKind kind) {
    switch (kind) {
        case TokenKeyKind::ec_p256:
            return {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
        case TokenKeyKind::ec_p384:
            return {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
        case TokenKeyKind::ec_secp256k1:
            return {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
        case TokenKeyKind::ed25519:
            // SoftHSM 2.6 also takes the name "edwards25519", but leaks it at each use.
            return {0x06, 0x03, 0x2b, 0x65, 0x70};
        case TokenKeyKind::rsa_2048:
        case TokenKeyKind::rsa_3072:
            break;
    }
    return {};
}

CK_MECHANISM_TYPE generator_of(TokenKeyKind kind) {
    switch (kind) {
        case TokenKeyKind::rsa_2048:
        case TokenKeyKind::rsa_3072:
            return CKM_RSA_PKCS_KEY_PAIR_GEN;
        case TokenKeyKind::ed25519:
            return CKM_EC_EDWARDS_KEY_PAIR_GEN;
        case TokenKeyKind::ec_p256:
        case TokenKeyKind::ec_p384:
        case TokenKeyKind::ec_secp256k1:
            break;
    }
    return CKM_EC_KEY_PAIR_GEN;
}

/// A process of its own, in the environment that names our tokens.
void run_tool(const std::string& command) {
    if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) {
        throw std::runtime_error("failed: " + command);
    }
}

}  // namespace

SoftHsmToken::SoftHsmToken(std::string label, std::string pin)
    : label_(std::move(label)), pin_(std::move(pin)) {
    std::filesystem::create_directory(directory_ / "tokens");
    directory_.write(
        "softhsm2.conf",
        "directories.tokendir = " + (directory_ / "tokens").string() +
            "\nobjectstore.backend = file\nlog.level = ERROR\n"
    );
    ::setenv("SOFTHSM2_CONF", config_file().c_str(), 1);
    initialise();
}

SoftHsmToken::~SoftHsmToken() { ::unsetenv("SOFTHSM2_CONF"); }

config::Hsm SoftHsmToken::settings() const {
    config::Hsm hsm;
    hsm.module = module;
    hsm.token = label_;
    hsm.pin.value = pin_;
    return hsm;
}

void SoftHsmToken::initialise() {
    const auto loaded = must(certs::Module::load(module), "loading SoftHSM");
    const auto& call = loaded->call();
    CK_SLOT_ID slot = 0;
    CK_ULONG count = 1;
    check_rv(call.C_GetSlotList(CK_TRUE, &slot, &count), "C_GetSlotList");
    std::array<unsigned char, 32> padded{};
    padded.fill(' ');
    std::copy_n(label_.begin(), std::min(label_.size(), padded.size()), padded.begin());
    check_rv(
        call.C_InitToken(slot, pin_bytes(so_pin), so_pin.size(), padded.data()), "C_InitToken"
    );
    const auto session = must(certs::Session::open(loaded, slot, true), "C_OpenSession");
    if (const auto error = session.login(CKU_SO, bytes_of(so_pin))) {
        throw std::runtime_error("C_Login of the security officer: " + error.message());
    }
    check_rv(call.C_InitPIN(session.handle(), pin_bytes(pin_), pin_.size()), "C_InitPIN");
    check_rv(call.C_Logout(session.handle()), "C_Logout");
}

certs::Session SoftHsmToken::admin_session() {
    const auto loaded = must(certs::Module::load(module), "loading SoftHSM");
    const auto token = must(certs::find_token(*loaded, label_), "finding the token");
    auto session = must(certs::Session::open(loaded, token.slot, true), "C_OpenSession");
    const auto error = session.login(CKU_USER, bytes_of(pin_));
    if (error && !certs::is_ckr(error, CKR_USER_ALREADY_LOGGED_IN)) {
        throw std::runtime_error("C_Login: " + error.message());
    }
    return session;
}

void SoftHsmToken::generate(TokenKeyKind kind, const std::string& alias, bool always_authenticate) {
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_BBOOL always = always_authenticate ? CK_TRUE : CK_FALSE;
    CK_ULONG bits = kind == TokenKeyKind::rsa_3072 ? 3072 : 2048;
    const std::array<std::uint8_t, 1> id{next_id_++};
    const auto curve = curve_of(kind);
    std::vector<CK_ATTRIBUTE> public_half{
        attribute_of(CKA_TOKEN, yes),
        attribute_of(CKA_VERIFY, yes),
        attribute_of(CKA_LABEL, bytes_of(alias)),
        attribute_of(CKA_ID, Bytes(id)),
        curve.empty() ? attribute_of(CKA_MODULUS_BITS, bits)
                      : attribute_of(CKA_EC_PARAMS, Bytes(curve))};
    std::vector<CK_ATTRIBUTE> private_half{
        attribute_of(CKA_TOKEN, yes),
        attribute_of(CKA_PRIVATE, yes),
        attribute_of(CKA_SENSITIVE, yes),
        attribute_of(CKA_EXTRACTABLE, no),
        attribute_of(CKA_SIGN, yes),
        attribute_of(CKA_ALWAYS_AUTHENTICATE, always),
        attribute_of(CKA_LABEL, bytes_of(alias)),
        attribute_of(CKA_ID, Bytes(id))};
    CK_MECHANISM mechanism{generator_of(kind), nullptr, 0};
    CK_OBJECT_HANDLE made_public = 0;
    CK_OBJECT_HANDLE made_private = 0;
    const auto session = admin_session();
    check_rv(
        session.module().call().C_GenerateKeyPair(
            session.handle(),
            &mechanism,
            public_half.data(),
            public_half.size(),
            private_half.data(),
            private_half.size(),
            &made_public,
            &made_private
        ),
        "C_GenerateKeyPair"
    );
}

void SoftHsmToken::generate_elsewhere(const std::string& alias) const {
    run_tool(
        std::string("pkcs11-tool --module ") + module + " --token-label " + label_ +
        " --login --pin " + pin_ + " --keypairgen --key-type EC:prime256v1 --id 77 --label " + alias
    );
}

void SoftHsmToken::add_token(const std::string& label) const {
    run_tool(
        "softhsm2-util --init-token --free --label " + label + " --so-pin " + std::string(so_pin) +
        " --pin " + pin_
    );
}

void SoftHsmToken::import_key(EVP_PKEY* key, const std::string& alias, const std::string& token) {
    const auto file = directory_ / (alias + ".pk8");
    const certs::BioPtr bio(BIO_new_file(file.c_str(), "w"));
    if (!bio ||
        PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
        BIO_flush(bio.get()) != 1) {
        throw std::runtime_error("cannot write " + file.string());
    }
    run_tool(
        "softhsm2-util --import " + file.string() + " --token " + token + " --label " + alias +
        " --id " + std::to_string(10 + next_id_++) + " --pin " + pin_
    );
}

void SoftHsmToken::change_pin(const std::string& pin) {
    const auto session = admin_session();
    check_rv(
        session.module().call().C_SetPIN(
            session.handle(), pin_bytes(pin_), pin_.size(), pin_bytes(pin), pin.size()
        ),
        "C_SetPIN"
    );
    pin_ = pin;
}

certs::EvpPkeyPtr SoftHsmToken::public_key(const std::string& alias) {
    const auto session = admin_session();
    const auto handle = must(certs::find_private_key(session, alias), "finding the key");
    const auto type = must(certs::key_type(session, handle), "its type");
    return must(certs::find_public_half(session, handle, alias, type), "its public half");
}

void SoftHsmToken::import_certificate(X509* certificate, const std::string& alias) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    const std::vector<std::uint8_t> value(der, der + std::max(size, 0));
    OPENSSL_free(der);
    der = nullptr;
    const int subject_size = i2d_X509_NAME(X509_get_subject_name(certificate), &der);
    const std::vector<std::uint8_t> subject(der, der + std::max(subject_size, 0));
    OPENSSL_free(der);
    CK_OBJECT_CLASS kind = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BBOOL yes = CK_TRUE;
    std::vector<CK_ATTRIBUTE> attributes{
        attribute_of(CKA_CLASS, kind),
        attribute_of(CKA_CERTIFICATE_TYPE, type),
        attribute_of(CKA_TOKEN, yes),
        attribute_of(CKA_LABEL, bytes_of(alias)),
        attribute_of(CKA_SUBJECT, Bytes(subject)),
        attribute_of(CKA_VALUE, Bytes(value))};
    CK_OBJECT_HANDLE made = 0;
    const auto session = admin_session();
    check_rv(
        session.module().call().C_CreateObject(
            session.handle(), attributes.data(), attributes.size(), &made
        ),
        "C_CreateObject"
    );
}

void SoftHsmToken::erase(const std::string& alias) {
    const auto session = admin_session();
    const auto objects =
        must(session.find({attribute_of(CKA_LABEL, bytes_of(alias))}, 16), "C_FindObjects");
    for (const auto object : objects) {
        check_rv(
            session.module().call().C_DestroyObject(session.handle(), object), "C_DestroyObject"
        );
    }
}

}  // namespace hsmfront::test
