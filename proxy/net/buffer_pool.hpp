// BufferPool: the worker's I/O buffers, lent while bytes are in hand.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace hsmfront::net {

class BufferPool;

/// One buffer, given back when the lease ends. `data()` is the filled part.
class Lease {
  public:
    Lease() = default;
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    [[nodiscard]] std::span<char> space() noexcept;
    [[nodiscard]] std::span<const char> data() const noexcept { return {bytes_.get(), size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    void resize(std::size_t size) noexcept { size_ = size; }

  private:
    friend class BufferPool;
    Lease(BufferPool& pool, std::unique_ptr<char[]> bytes)
        : pool_(&pool), bytes_(std::move(bytes)) {}

    BufferPool* pool_ = nullptr;
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
};

/// Not thread-safe: one for each worker, outliving its sessions.
class BufferPool {
  public:
    static constexpr std::size_t buffer_size = std::size_t{64} * 1024;
    /// Buffers kept for reuse; more are freed when given back.
    static constexpr std::size_t kept = 32;

    BufferPool() { free_.reserve(kept); }

    [[nodiscard]] Lease borrow();
    [[nodiscard]] std::size_t lent() const noexcept { return lent_; }

  private:
    friend class Lease;
    void give_back(std::unique_ptr<char[]> bytes) noexcept;

    std::vector<std::unique_ptr<char[]>> free_;
    std::size_t lent_ = 0;
};

}  // namespace hsmfront::net
