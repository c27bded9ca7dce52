#include "proxy/http/http2_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>
#include <sys/mman.h>

namespace hsmfront::http {

namespace {

constexpr std::size_t own_pages_from = std::size_t{16} * 1024;

}  // namespace

/// In front of a block that has pages of its own.
struct alignas(std::max_align_t) Http2Memory::Pages {
    Pages* next;
    std::size_t size;  ///< with this head

    [[nodiscard]] void* block() noexcept { return this + 1; }
};

Http2Memory::~Http2Memory() {
    while (first_ != nullptr) {
        release(first_->block());
    }
}

nghttp2_mem Http2Memory::functions() noexcept {
    return {
        this,
        [](std::size_t size, void* data) {
            return static_cast<Http2Memory*>(data)->allocate(size);
        },
        [](void* block, void* data) { static_cast<Http2Memory*>(data)->release(block); },
        [](std::size_t count, std::size_t size, void*) { return std::calloc(count, size); },
        [](void* block, std::size_t size, void* data) {
            return static_cast<Http2Memory*>(data)->resize(block, size);
        }};
}

void* Http2Memory::allocate(std::size_t size) noexcept {
    if (size < own_pages_from) {
        return std::malloc(size);
    }
    const std::size_t whole = size + sizeof(Pages);
    void* const mapped =
        ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return nullptr;
    }
    first_ = new (mapped) Pages{first_, whole};
    return first_->block();
}

void Http2Memory::release(void* block) noexcept {
    Pages** const place = find(block);
    Pages* const pages = *place;
    if (pages == nullptr) {
        std::free(block);
        return;
    }
    *place = pages->next;
    ::munmap(pages, pages->size);
}

void* Http2Memory::resize(void* block, std::size_t size) noexcept {
    Pages* const pages = *find(block);
    if (pages == nullptr && size < own_pages_from) {
        return std::realloc(block, size);
    }
    void* const larger = allocate(size);
    if (block == nullptr || larger == nullptr) {
        return larger;
    }
    const std::size_t held =
        pages == nullptr ? ::malloc_usable_size(block) : pages->size - sizeof(Pages);
    std::memcpy(larger, block, std::min(held, size));
    release(block);
    return larger;
}

Http2Memory::Pages** Http2Memory::find(const void* block) noexcept {
    Pages** place = &first_;
    while (*place != nullptr && (*place)->block() != block) {
        place = &(*place)->next;
    }
    return place;
}

}  // namespace hsmfront::http
