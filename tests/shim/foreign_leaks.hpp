// ForeignLeaks: what the real module leaks is not reported as ours.
#pragma once

// LeakSanitizer's interface (sanitizer/lsan_interface.h). The process has it or not, however the
// shim was built.
extern "C" {
[[gnu::weak]] void __lsan_disable();
[[gnu::weak]] void __lsan_enable();
}

namespace hsmfront::shim {

/// While it lives, LeakSanitizer overlooks what this thread allocates.
class ForeignLeaks {
  public:
    ForeignLeaks() {
        if (__lsan_disable != nullptr) {
            __lsan_disable();
        }
    }
    ~ForeignLeaks() {
        if (__lsan_enable != nullptr) {
            __lsan_enable();
        }
    }
    ForeignLeaks(const ForeignLeaks&) = delete;
    ForeignLeaks& operator=(const ForeignLeaks&) = delete;
};

}  // namespace hsmfront::shim
