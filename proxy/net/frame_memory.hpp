// Memory of coroutine frames, kept for the next frame of about the same size.
#pragma once

#include <cstddef>

namespace hsmfront::net {

/// A call that waits for nothing costs a frame too, so frames are the allocations made most often.
/// Each thread keeps some of each size. Under sanitizers none is kept: they look at each use.
[[nodiscard]] void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace hsmfront::net
