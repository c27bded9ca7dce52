#include "proxy/net/frame_memory.hpp"

#include <array>
#include <new>
#include <utility>

namespace hsmfront::net {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)

void* allocate_frame(std::size_t size) { return ::operator new(size); }

void free_frame(void* frame, std::size_t) noexcept { ::operator delete(frame); }

#else

namespace {

constexpr std::size_t step = 64;
constexpr std::size_t largest = 2048;
/// Bytes for each thread: as many frames as some dozens of sessions need that are all served at
/// once.
constexpr std::size_t most_kept = 512 * 1024;

struct Free {
    Free* next;
};

/// Without a destructor of its own, so that frames may end after those of the thread have run.
struct Shelves {
    std::array<Free*, largest / step> of_size{};
    std::size_t kept = 0;
    bool closed = false;
};

thread_local Shelves shelves;

struct Cleaner {
    Cleaner() = default;
    ~Cleaner() {
        shelves.closed = true;
        for (Free*& first : shelves.of_size) {
            while (first != nullptr) {
                ::operator delete(std::exchange(first, first->next));
            }
        }
    }
    Cleaner(const Cleaner&) = delete;
    Cleaner& operator=(const Cleaner&) = delete;
    void be_there() const noexcept {}
};

thread_local const Cleaner cleaner;

std::size_t index_of(std::size_t size) noexcept { return (size - 1) / step; }

}  // namespace

void* allocate_frame(std::size_t size) {
    if (size > largest) {
        return ::operator new(size);
    }
    const std::size_t rounded = (index_of(size) + 1) * step;
    Free*& first = shelves.of_size[index_of(size)];
    if (first == nullptr) {
        return ::operator new(rounded);
    }
    shelves.kept -= rounded;
    return std::exchange(first, first->next);
}

void free_frame(void* frame, std::size_t size) noexcept {
    if (size > largest || shelves.kept >= most_kept || shelves.closed) {
        ::operator delete(frame);
        return;
    }
    if (shelves.kept == 0) {
        cleaner.be_there();
    }
    shelves.kept += (index_of(size) + 1) * step;
    Free*& first = shelves.of_size[index_of(size)];
    first = new (frame) Free{first};
}

#endif

}  // namespace hsmfront::net
