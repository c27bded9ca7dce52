#include "proxy/runtime/wiping.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <new>

namespace hsmfront::runtime {
namespace {

std::atomic<int> wiping = 0;

}  // namespace

WipesFreedMemory::WipesFreedMemory() { ++wiping; }

WipesFreedMemory::~WipesFreedMemory() { --wiping; }

[[gnu::noinline]] void wipe_stack_below() {
    std::array<char, 128 * 1024> below;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    ::explicit_bzero(below.data(), below.size());
}

}  // namespace hsmfront::runtime

// Sanitizers keep freed memory for a while and check that new and delete match: theirs stay.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

/// Like the library's own operator new (new.delete.single).
void* allocate(std::size_t size) {
    for (;;) {
        if (void* memory = std::malloc(std::max<std::size_t>(size, 1))) {
            return memory;
        }
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) {
            throw std::bad_alloc();
        }
        handler();
    }
}

void release(void* memory) noexcept {
    const bool wipe = hsmfront::runtime::wiping.load(std::memory_order_relaxed) != 0;
    if (wipe && memory != nullptr) {
        ::explicit_bzero(memory, ::malloc_usable_size(memory));
    }
    std::free(memory);
}

}  // namespace

// The forms for arrays and for std::nothrow call these; those for over-aligned types are left as
// they are: no text lives in such memory.
void* operator new(std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { release(memory); }
#endif
