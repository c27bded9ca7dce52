#include "proxy/net/buffer_pool.hpp"

#include <utility>

namespace hsmfront::net {

Lease& Lease::operator=(Lease&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
}

Lease::~Lease() {
    if (bytes_) {
        pool_->give_back(std::move(bytes_));
    }
}

std::span<char> Lease::space() noexcept {
    return bytes_ ? std::span<char>{bytes_.get(), BufferPool::buffer_size} : std::span<char>{};
}

Lease BufferPool::borrow() {
    ++lent_;
    if (free_.empty()) {
        // Not zeroed: pages that no byte is read into are never touched.
        return {*this, std::make_unique_for_overwrite<char[]>(buffer_size)};
    }
    auto bytes = std::move(free_.back());
    free_.pop_back();
    return {*this, std::move(bytes)};
}

void BufferPool::give_back(std::unique_ptr<char[]> bytes) noexcept {
    --lent_;
    if (free_.size() < kept) {
        free_.push_back(std::move(bytes));
    }
}

}  // namespace hsmfront::net
