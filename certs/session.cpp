#include "certs/session.hpp"

#include "certs/ckr.hpp"

#include <utility>

namespace hsmfront::certs {

Result<Session> Session::open(std::shared_ptr<Module> module, CK_SLOT_ID slot, bool read_write) {
    const CK_FLAGS flags = CKF_SERIAL_SESSION | (read_write ? CKF_RW_SESSION : 0);
    CK_SESSION_HANDLE handle = 0;
    const CK_RV result = module->call().C_OpenSession(slot, flags, nullptr, nullptr, &handle);
    if (result != CKR_OK) {
        return ckr_error(result);
    }
    return Session(std::move(module), handle);
}

Session::~Session() { close(); }

Session::Session(Session&& other) noexcept
    : module_(std::move(other.module_)), handle_(other.handle_) {}

Session& Session::operator=(Session&& other) noexcept {
    if (this != &other) {
        close();
        module_ = std::move(other.module_);
        handle_ = other.handle_;
    }
    return *this;
}

void Session::close() noexcept {
    if (module_) {
        (void)module_->call().C_CloseSession(handle_);
        module_.reset();
    }
}

Result<CK_SESSION_INFO> Session::info() const {
    CK_SESSION_INFO info{};
    const CK_RV result = module_->call().C_GetSessionInfo(handle_, &info);
    if (result != CKR_OK) {
        return ckr_error(result);
    }
    return info;
}

error_code Session::login(CK_USER_TYPE user, std::span<const unsigned char> pin) const {
    auto* bytes = pin.empty() ? nullptr : const_cast<unsigned char*>(pin.data());
    return ckr_error(module_->call().C_Login(handle_, user, bytes, pin.size()));
}

Result<std::vector<CK_OBJECT_HANDLE>> Session::find(
    std::vector<CK_ATTRIBUTE> attributes, std::size_t limit
) const {
    const auto& call = module_->call();
    if (const CK_RV begun = call.C_FindObjectsInit(handle_, attributes.data(), attributes.size());
        begun != CKR_OK) {
        return ckr_error(begun);
    }
    // A token may give them in pieces; none means there are no more.
    std::vector<CK_OBJECT_HANDLE> objects(limit);
    std::size_t total = 0;
    CK_ULONG count = 1;
    CK_RV found = CKR_OK;
    while (found == CKR_OK && count > 0 && total < limit) {
        count = 0;
        found = call.C_FindObjects(handle_, objects.data() + total, limit - total, &count);
        total += count;
    }
    (void)call.C_FindObjectsFinal(handle_);
    if (found != CKR_OK) {
        return ckr_error(found);
    }
    objects.resize(total);
    return objects;
}

Result<std::vector<std::uint8_t>> Session::attribute(
    CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type
) const {
    const auto& call = module_->call();
    CK_ATTRIBUTE wanted{type, nullptr, 0};
    if (const CK_RV sized = call.C_GetAttributeValue(handle_, object, &wanted, 1);
        sized != CKR_OK) {
        return ckr_error(sized);
    }
    if (wanted.ulValueLen == CK_UNAVAILABLE_INFORMATION) {
        return ckr_error(CKR_ATTRIBUTE_TYPE_INVALID);
    }
    std::vector<std::uint8_t> bytes(wanted.ulValueLen);
    wanted.pValue = bytes.data();
    if (const CK_RV read = call.C_GetAttributeValue(handle_, object, &wanted, 1); read != CKR_OK) {
        return ckr_error(read);
    }
    bytes.resize(wanted.ulValueLen);
    return bytes;
}

error_code Session::begin_sign(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key) const {
    return ckr_error(module_->call().C_SignInit(handle_, &mechanism, key));
}

Result<std::vector<std::uint8_t>> Session::sign(std::span<const std::uint8_t> input) const {
    constexpr std::size_t longest_signature = 2048;  // RSA-16384
    std::vector<std::uint8_t> signature(longest_signature);
    CK_ULONG size = signature.size();
    const CK_RV result = module_->call().C_Sign(
        handle_, const_cast<std::uint8_t*>(input.data()), input.size(), signature.data(), &size
    );
    if (result != CKR_OK) {
        return ckr_error(result);
    }
    signature.resize(size);
    return signature;
}

Result<Session::KeyPair> Session::generate(
    CK_MECHANISM mechanism,
    std::vector<CK_ATTRIBUTE> public_key,
    std::vector<CK_ATTRIBUTE> private_key
) const {
    KeyPair pair;
    const CK_RV result = module_->call().C_GenerateKeyPair(
        handle_,
        &mechanism,
        public_key.data(),
        public_key.size(),
        private_key.data(),
        private_key.size(),
        &pair.public_key,
        &pair.private_key
    );
    if (result != CKR_OK) {
        return ckr_error(result);
    }
    return pair;
}

Result<CK_OBJECT_HANDLE> Session::create(std::vector<CK_ATTRIBUTE> attributes) const {
    CK_OBJECT_HANDLE made = 0;
    const CK_RV result =
        module_->call().C_CreateObject(handle_, attributes.data(), attributes.size(), &made);
    if (result != CKR_OK) {
        return ckr_error(result);
    }
    return made;
}

error_code Session::change(CK_OBJECT_HANDLE object, CK_ATTRIBUTE attribute) const {
    return ckr_error(module_->call().C_SetAttributeValue(handle_, object, &attribute, 1));
}

error_code Session::destroy(CK_OBJECT_HANDLE object) const {
    return ckr_error(module_->call().C_DestroyObject(handle_, object));
}

}  // namespace hsmfront::certs
