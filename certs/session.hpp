// Session: one PKCS#11 session, closed when it ends.
#pragma once

#include "certs/module.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace hsmfront::certs {

/// One thread at a time. Errors are PKCS#11 values (ckr.hpp). Every call blocks as long as the
/// module does.
class Session {
  public:
    /// `read_write` is for making keys and certificates; signing needs none.
    [[nodiscard]] static Result<Session> open(
        std::shared_ptr<Module> module, CK_SLOT_ID slot, bool read_write = false
    );

    ~Session();
    Session(Session&& other) noexcept;
    Session& operator=(Session&& other) noexcept;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] CK_SESSION_HANDLE handle() const noexcept { return handle_; }
    [[nodiscard]] Module& module() const noexcept { return *module_; }

    [[nodiscard]] Result<CK_SESSION_INFO> info() const;

    /// C_Login; an empty `pin` asks for the token's own PIN pad (pPin NULL).
    [[nodiscard]] error_code login(CK_USER_TYPE user, std::span<const unsigned char> pin) const;

    /// Up to `limit` objects that have all of `attributes`.
    [[nodiscard]] Result<std::vector<CK_OBJECT_HANDLE>> find(
        std::vector<CK_ATTRIBUTE> attributes, std::size_t limit
    ) const;

    /// One attribute's bytes. Not there, not readable: CKR_ATTRIBUTE_TYPE_INVALID or _SENSITIVE.
    [[nodiscard]] Result<std::vector<std::uint8_t>> attribute(
        CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type
    ) const;

    /// C_SignInit. `sign` or closing the session ends what it began.
    [[nodiscard]] error_code begin_sign(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key) const;
    [[nodiscard]] Result<std::vector<std::uint8_t>> sign(std::span<const std::uint8_t> input) const;

    struct KeyPair {
        CK_OBJECT_HANDLE public_key = 0;
        CK_OBJECT_HANDLE private_key = 0;
    };

    /// C_GenerateKeyPair. Takes seconds to minutes for RSA in hardware. Read-write sessions only,
    /// as the three below.
    [[nodiscard]] Result<KeyPair> generate(
        CK_MECHANISM mechanism,
        std::vector<CK_ATTRIBUTE> public_key,
        std::vector<CK_ATTRIBUTE> private_key
    ) const;
    [[nodiscard]] Result<CK_OBJECT_HANDLE> create(std::vector<CK_ATTRIBUTE> attributes) const;
    [[nodiscard]] error_code change(CK_OBJECT_HANDLE object, CK_ATTRIBUTE attribute) const;
    [[nodiscard]] error_code destroy(CK_OBJECT_HANDLE object) const;

  private:
    Session(std::shared_ptr<Module> module, CK_SESSION_HANDLE handle)
        : module_(std::move(module)), handle_(handle) {}
    void close() noexcept;

    std::shared_ptr<Module> module_;
    CK_SESSION_HANDLE handle_ = 0;
};

/// Attribute for a search by one fixed-size value; `value` must outlive the search.
template <class T>
[[nodiscard]] CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, T& value) {
    return {type, &value, sizeof(value)};
}

/// PKCS#11 takes non-const pointers for what it only reads.
[[nodiscard]] inline CK_ATTRIBUTE attribute_of(
    CK_ATTRIBUTE_TYPE type, std::span<const std::uint8_t> bytes
) {
    return {type, const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace hsmfront::certs
