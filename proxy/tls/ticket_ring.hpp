// TicketRing: the keys that session tickets are encrypted with (RFC 5077 §4).
#pragma once

#include "certs/secret.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace hsmfront::tls {

/// One key in locked memory, wiped when its last ring ends. 80 bytes in the order of nginx, HAProxy
/// and OpenSSL: a name that tickets carry in clear, the key of HMAC-SHA256, that of AES-256-CBC.
class TicketKey {
  public:
    static constexpr std::size_t name_size = 16;
    static constexpr std::size_t part_size = 32;
    static constexpr std::size_t size = name_size + 2 * part_size;

    using Bytes = std::span<const unsigned char, size>;
    using Name = std::span<const unsigned char, name_size>;
    using Part = std::span<const unsigned char, part_size>;

    /// The caller wipes what `bytes` looks at.
    explicit TicketKey(Bytes bytes);
    /// Throws std::bad_alloc if there is no randomness: never go on with a key that can be guessed.
    [[nodiscard]] static std::shared_ptr<const TicketKey> random();

    [[nodiscard]] Name name() const { return all().first<name_size>(); }
    [[nodiscard]] Part hmac() const { return all().subspan<name_size, part_size>(); }
    [[nodiscard]] Part cipher() const { return all().last<part_size>(); }
    [[nodiscard]] bool named(Name name) const;
    [[nodiscard]] Bytes all() const { return secret_.bytes().first<size>(); }

  private:
    certs::Secret secret_;
};

using TicketKeyPtr = std::shared_ptr<const TicketKey>;

/// Immutable: one encrypts, all decrypt.
class TicketRing {
  public:
    /// `encrypting` is a place in `keys`, which has at least one.
    explicit TicketRing(std::vector<TicketKeyPtr> keys, std::size_t encrypting = 0);

    [[nodiscard]] const TicketKey& encrypting() const { return *keys_[encrypting_]; }
    [[nodiscard]] std::size_t encrypting_place() const { return encrypting_; }
    /// Null: no key has that name.
    [[nodiscard]] const TicketKey* find(TicketKey::Name name) const;
    [[nodiscard]] const std::vector<TicketKeyPtr>& keys() const { return keys_; }

  private:
    std::vector<TicketKeyPtr> keys_;
    std::size_t encrypting_;
};

using TicketRingPtr = std::shared_ptr<const TicketRing>;

}  // namespace hsmfront::tls
