// Secret: a PIN in memory.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace hsmfront::certs {

/// Bytes in locked memory (mlock(2), excluded from core files by madvise(2) MADV_DONTDUMP), wiped
/// when it ends. Neither copyable by accident nor printable.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string_view bytes);
    ~Secret();
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::span<const unsigned char> bytes() const noexcept { return {data_, size_}; }

    /// Another one of the same bytes; said aloud, so that none comes to be by accident.
    [[nodiscard]] Secret copy() const;

    /// Takes the same time wherever the bytes differ.
    [[nodiscard]] friend bool operator==(const Secret& left, const Secret& right) noexcept {
        return left.same(right);
    }

  private:
    [[nodiscard]] bool same(const Secret& other) const noexcept;
    void wipe() noexcept;

    unsigned char* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace hsmfront::certs
