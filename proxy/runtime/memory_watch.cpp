#include "proxy/runtime/memory_watch.hpp"

#include "proxy/admin/process_status.hpp"

#include <malloc.h>

namespace hsmfront::runtime {
void MemoryWatch::look() {
    if (admission_.note_memory(admin::resident_bytes())) {
        ::malloc_trim(0);
        static_cast<void>(admission_.note_memory(admin::resident_bytes()));
    }
    timer_.expires_after(period_);
    timer_.async_wait([this](const error_code& ec) {
        if (!ec && !ended_) {
            look();
        }
    });
}

}  // namespace hsmfront::runtime
