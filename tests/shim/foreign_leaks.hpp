// ForeignLeaks: what the real module leaks is not reported as ours.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace hsmfront::shim {

/// While it lives, LeakSanitizer overlooks what this thread allocates.
#if defined(__SANITIZE_ADDRESS__)
using ForeignLeaks = __lsan::ScopedDisabler;
#else
struct ForeignLeaks {
    ForeignLeaks() {}
};
#endif

}  // namespace hsmfront::shim
