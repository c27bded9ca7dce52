#include "certs/token_directory.hpp"

#include "certs/errc.hpp"
#include "certs/openssl_reason.hpp"
#include "certs/session.hpp"
#include "certs/token.hpp"

#include <libp11.h>
#include <openssl/err.h>

#include <algorithm>
#include <span>

namespace hsmfront::certs {
namespace {

std::string text_of(const char* text) { return text != nullptr ? text : ""; }

ListedSlot describe(PKCS11_SLOT& slot) {
    ListedSlot listed{PKCS11_get_slotid_from_slot(&slot), text_of(slot.description), {}};
    if (const PKCS11_TOKEN* token = slot.token; token != nullptr) {
        listed.token.push_back(
            {text_of(token->label),
             text_of(token->manufacturer),
             text_of(token->model),
             text_of(token->serialnr),
             token->initialized != 0,
             token->loginRequired != 0,
             token->secureLogin != 0,
             token->userPinSet != 0,
             token->readOnly != 0}
        );
    }
    return listed;
}

}  // namespace

/// Released slots first, then unloaded, then freed: any other order is a use after free.
struct TokenDirectory::Libp11 {
    explicit Libp11(std::filesystem::path module) : file(std::move(module)) {}
    ~Libp11() {
        if (slots != nullptr) {
            PKCS11_release_all_slots(context, slots, count);
        }
        if (loaded) {
            PKCS11_CTX_unload(context);
        }
        PKCS11_CTX_free(context);
        ERR_clear_error();
    }
    Libp11(const Libp11&) = delete;
    Libp11& operator=(const Libp11&) = delete;

    std::filesystem::path file;
    PKCS11_CTX* context = PKCS11_CTX_new();
    bool loaded = false;
    PKCS11_SLOT* slots = nullptr;
    unsigned int count = 0;
    std::vector<ListedSlot> listed;
};

TokenDirectory::TokenDirectory(std::unique_ptr<Libp11> libp11) : libp11_(std::move(libp11)) {}
TokenDirectory::~TokenDirectory() = default;
TokenDirectory::TokenDirectory(TokenDirectory&&) noexcept = default;
TokenDirectory& TokenDirectory::operator=(TokenDirectory&&) noexcept = default;

Loaded<TokenDirectory> TokenDirectory::open(const std::filesystem::path& module) {
    auto libp11 = std::make_unique<Libp11>(module);
    ERR_clear_error();
    if (PKCS11_CTX_load(libp11->context, module.c_str()) != 0) {
        return Failure{
            Errc::module_not_loadable,
            "hsm.module " + module.string() + ": libp11 cannot open it: " + drain_openssl_reason()};
    }
    libp11->loaded = true;
    // -1 with nothing in the error queue is how 0.4.12 reports that there is no slot.
    if (PKCS11_enumerate_slots(libp11->context, &libp11->slots, &libp11->count) != 0) {
        libp11->slots = nullptr;
        libp11->count = 0;
        ERR_clear_error();
    }
    for (PKCS11_SLOT& slot : std::span(libp11->slots, libp11->count)) {
        libp11->listed.push_back(describe(slot));
    }
    return TokenDirectory(std::move(libp11));
}

const std::vector<ListedSlot>& TokenDirectory::slots() const { return libp11_->listed; }

Loaded<std::vector<ListedCertificate>> TokenDirectory::certificates(unsigned long id) const {
    const auto failed = [id](const std::string& why) {
        return Failure{
            Errc::token_unavailable, "certificates in slot " + std::to_string(id) + ": " + why};
    };
    const std::span slots(libp11_->slots, libp11_->count);
    const auto slot = std::find_if(slots.begin(), slots.end(), [id](PKCS11_SLOT& candidate) {
        return PKCS11_get_slotid_from_slot(&candidate) == id;
    });
    if (slot == slots.end() || slot->token == nullptr) {
        return failed("no token there");
    }
    // libp11 waits for ever when C_OpenSession fails, so it is tried beforehand.
    const auto module = Module::load(libp11_->file);
    if (!module) {
        return module.error();
    }
    if (const auto probe = Session::open(*module, id); !probe) {
        return failed("C_OpenSession: " + probe.error().message());
    }
    PKCS11_CERT* found = nullptr;
    unsigned int count = 0;
    if (PKCS11_enumerate_certs(slot->token, &found, &count) != 0) {
        return failed(drain_openssl_reason());
    }
    std::vector<ListedCertificate> list;
    for (const PKCS11_CERT& entry : std::span(found, count)) {
        if (entry.x509 != nullptr) {
            X509_up_ref(entry.x509);
            list.push_back(
                {text_of(entry.label), {entry.id, entry.id + entry.id_len}, X509Ptr(entry.x509)}
            );
        }
    }
    ERR_clear_error();
    return list;
}

Loaded<std::vector<ListedCertificate>> list_certificates(
    const std::filesystem::path& module, const std::string& selector
) {
    CK_SLOT_ID slot = 0;
    {
        const auto loaded = Module::load(module);
        if (!loaded) {
            return loaded.error();
        }
        const auto token = find_token(**loaded, selector);
        if (!token) {
            return token.error();
        }
        slot = token->slot;
    }
    const auto directory = TokenDirectory::open(module);
    if (!directory) {
        return directory.error();
    }
    return directory->certificates(slot);
}

}  // namespace hsmfront::certs
