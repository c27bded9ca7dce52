#include "certs/secret.hpp"

#include <openssl/crypto.h>

#include <cstring>
#include <new>
#include <sys/mman.h>
#include <utility>

namespace hsmfront::certs {

Secret::Secret(std::string_view bytes) : size_(bytes.size()) {
    if (size_ == 0) {
        return;
    }
    // Whole pages of its own: mlock and madvise work on pages, and a neighbour's munlock must not
    // unlock this one.
    void* memory =
        ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw std::bad_alloc();
    }
    data_ = static_cast<unsigned char*>(memory);
    // Both are best effort: RLIMIT_MEMLOCK may be 0, and the PIN is needed all the same.
    (void)::mlock(data_, size_);
    (void)::madvise(data_, size_, MADV_DONTDUMP);
    std::memcpy(data_, bytes.data(), size_);
}

Secret::~Secret() { wipe(); }

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

Secret Secret::copy() const { return Secret({reinterpret_cast<const char*>(data_), size_}); }

bool Secret::same(const Secret& other) const noexcept {
    return size_ == other.size_ && (size_ == 0 || CRYPTO_memcmp(data_, other.data_, size_) == 0);
}

void Secret::wipe() noexcept {
    if (data_ == nullptr) {
        return;
    }
    OPENSSL_cleanse(data_, size_);
    (void)::munmap(data_, size_);
    data_ = nullptr;
    size_ = 0;
}

}  // namespace hsmfront::certs
